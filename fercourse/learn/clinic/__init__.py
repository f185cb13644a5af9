"""The debugging clinic of lesson 08: a training in parts, silent bugs to plant in it, a score for who finds them."""

from fercourse.learn.clinic.asking import Finding, ask
from fercourse.learn.clinic.basic import CHECKS
from fercourse.learn.clinic.choices import all_variants, later_variants
from fercourse.learn.clinic.leaderboard import leaderboard
from fercourse.learn.clinic.pipeline import Pipeline, clean_pipeline
from fercourse.learn.clinic.planting import AFTERWARDS, MUTANTS, STAGES, Mutant, all_mutants
from fercourse.learn.clinic.published import PUBLISHED, published_tools
from fercourse.learn.clinic.scoring import Case, Score, matrix, score

__all__ = [
    "AFTERWARDS",
    "CHECKS",
    "MUTANTS",
    "PUBLISHED",
    "STAGES",
    "Case",
    "Finding",
    "Mutant",
    "Pipeline",
    "Score",
    "all_mutants",
    "all_variants",
    "ask",
    "clean_pipeline",
    "later_variants",
    "leaderboard",
    "matrix",
    "published_tools",
    "score",
]
