"""The command line: the signatures and docstrings of the commands are its words and its help."""

from typing import Annotated, Literal

from tyro import conf
from tyro.conf import Positional
from tyro.extras import SubcommandApp

from fercourse.data import command as data
from fercourse.executors import HERE
from fercourse.grading.command import grade
from fercourse.settings import Scale, whole
from fercourse.shortage import say_shortages

PROGRAM = "python -m fercourse"
ABOUT = "Build, run and sweep the course's notebooks; train at full scale; grade; fetch the data; find what is wrong."
ABOUT_DATA = "Find, check, convert and download FER2013."


def build(lessons: Positional[tuple[str, ...]] = (), *, check: bool = False, execute: bool = False) -> int:
    """Build notebooks/, solutions/, exercises/ and the tables of README.md from lessons/ and records.

    Args:
        lessons: numbers or names, such as 02 or 02_mlp_baseline; all of them, and all exercise sheets, by default
        check: write nothing; exit 1 and name each notebook that differs from its lesson
        execute: run the built notebooks on drawn faces and keep their outputs and what they cost
    """
    from fercourse.course.building.build import build, notebook_drift
    from fercourse.course.building.build_sheets import build_sheets, sheet_drift
    from fercourse.course.building.readme import readme_drift, write_readme
    from fercourse.course.checkout import find_course, select

    course = find_course()
    if check:
        findings = notebook_drift(lessons, course=course)
        findings += [] if lessons else sheet_drift(course=course) + readme_drift(course)
        print("\n".join(findings) or "every notebook is what its lesson builds")
        return 1 if findings else 0
    say_shortages(course.root)
    changed = build(lessons, course=course) + ([] if lessons else build_sheets(course=course))
    changed += [] if lessons else write_readme(course)
    print("\n".join(f"built {path.relative_to(course.root)}" for path in changed) or "nothing changed")
    if execute:
        _execute(select(lessons, course.lessons, ".py"), course)
        write_readme(course)  # what the lessons cost was measured anew
    return 0


def _execute(lesson_paths, course):
    from fercourse.course.building.execute import execute

    for path in lesson_paths:
        entry = execute(path, course=course)
        print(f"executed {path.stem} in {entry['seconds']:.0f} s", flush=True)


def run(
    lessons: Positional[tuple[str, ...]] = (),
    *,
    scale: Scale | None = None,
    data: str | None = None,
    seed: int | None = None,
    device: str | None = None,
    jobs: int = 1,
    param: tuple[str, ...] = (),
    out: str | None = None,
    on: str = "processes",
) -> int:
    """Run notebooks, each in its own folder, and report on all of them.

    Args:
        lessons: numbers or names, such as 02 or 02_mlp_baseline; all of them by default
        scale: how much is trained; by default what each notebook says
        data: auto, drawn, or the path of FER2013
        seed: of everything drawn at random
        device: auto, cpu, cuda or mps
        jobs: notebooks at once
        param: NAME=VALUE pairs for a lesson's own parameters
        out: the folder of the results; by default runs/ and the time
        on: processes of this machine, dask=ADDRESS: the workers of that scheduler, or slurm: a job for each
    """
    from fercourse.course.checkout import find_course
    from fercourse.course.running.run import run

    course = find_course()
    if on == HERE:
        say_shortages(out or course.root, notebooks=jobs)
    return run(
        lessons,
        course=course,
        scale=scale,
        data=data,
        seed=seed,
        device=device,
        parameters=param,
        jobs=jobs,
        out=out,
        on=on,
    )


def sweep(
    lesson: Positional[str],
    *,
    param: conf.UseAppendAction[Annotated[tuple[tuple[str, ...], ...], conf.arg(aliases=["-p"])]] = (),
    scale: Scale | None = None,
    data: str | None = None,
    device: str | None = None,
    on: str = "processes",
    at_once: int = 1,
    retry: bool = False,
    out: str | None = None,
) -> int:
    """Run one lesson with every combination of some parameters; what is finished is never repeated.

    Args:
        lesson: a number or a name, such as 05 or 05_resnets
        param: NAME and all its values, such as -p SEED 0 1 2; once for each parameter
        scale: how much is trained; by default what the notebook says
        data: auto, drawn, or the path of FER2013
        device: auto, cpu, cuda or mps
        on: processes of this machine, dask=ADDRESS: the workers of that scheduler, or slurm: a job for each run
        at_once: runs under way at once
        retry: run again what failed
        out: the folder of the results; by default runs/sweep_ and the lesson's name, where the next call goes on
    """
    from fercourse.course.checkout import find_course
    from fercourse.course.sweeps.sweep import sweep

    course = find_course()
    if on == HERE:
        say_shortages(out or course.root, notebooks=at_once)
    return sweep(
        lesson,
        param,
        course=course,
        scale=scale,
        data=data,
        device=device,
        on=on,
        at_once=at_once,
        retry=retry,
        out=out,
    )


def train(
    names: Positional[tuple[str, ...]] = (),
    *,
    data: str | None = None,
    seed: int = 0,
    epochs: int | None = None,
    out: str = "runs/full",
    device: str = "auto",
) -> int:
    """Train what the course keeps records of, at full scale, or without a NAME list it.

    Args:
        names: such as "CNN, Adam 0.001", or cnn-adam-0-001; a killed training goes on where it was
        data: the path of FER2013
        seed: of the first weights, and of everything drawn at random
        epochs: how many, where there is no time for those of the list
        out: the folder of checkpoints and records, for `results`
        device: auto, cpu, cuda or mps
    """
    from fercourse.course.trainings.listed import chosen
    from fercourse.course.trainings.table import table
    from fercourse.data.load import load
    from fercourse.errors import ParameterError
    from fercourse.report.recorded import all_recorded

    if not names:
        print(table(all_recorded()))
        return 0
    trainings = chosen(names)
    if data is None:
        raise ParameterError("--data is missing: the path of FER2013, such as --data data/fer2013.csv")
    from fercourse.course.trainings.train import train

    say_shortages(out)
    if epochs is not None:
        trainings = [training.in_epochs(whole("--epochs", epochs)) for training in trainings]
    train(trainings, load(data), seed=seed, folder=out, device=device)
    return 0


def results(folders: Positional[tuple[str, ...]] = (), *, check: bool = False) -> int:
    """Rebuild docs/results.md, claims.md and model_card.md from the records of what was measured on the real data.

    Args:
        folders: results of runs; full-scale trainings and runs of lessons on the real data are copied from them first
        check: write nothing; exit 1 and show each line of the three pages that the records do not give
    """
    from fercourse.course.checkout import find_course
    from fercourse.course.results import results_drift, write_results
    from fercourse.errors import ParameterError

    if check and folders:
        raise ParameterError("--check copies no records: give folders or --check, not both")
    if check:
        findings = results_drift(find_course())
        print("\n".join(findings) or "docs/results.md, claims.md and model_card.md are what the records give")
        return 1 if findings else 0
    taken, left = write_results(folders, course=find_course())
    lines = [f"copied {name}" for name in taken] + [f"left out {what}" for what in left]
    print("\n".join([*lines, "built docs/results.md, claims.md and model_card.md"]))
    return 0


def improve(exercise: str, *, only: Literal["baseline", "solution"] | None = None) -> int:
    """Train and keep what an exercise of the kind improve is judged by: its baseline, and the sheet's own solution.

    Args:
        exercise: such as 03.6
        only: train only one of the two
    """
    from fercourse.course.checkout import find_course
    from fercourse.course.improving import keep_baseline, keep_solution

    course = find_course()
    say_shortages(course.root)
    if only != "solution":
        print(keep_baseline(exercise, course=course), flush=True)
    if only == "baseline":
        return 0
    better, said = keep_solution(exercise, course=course)
    print(said)
    return 0 if better else 1


def slides(lessons: Positional[tuple[str, ...]] = (), *, out: str = "build/slides") -> int:
    """Make a deck of slides with speaker notes of each lesson, from what it showed when it was executed.

    Args:
        lessons: numbers or names, such as 02 or 02_mlp_baseline; all of them by default
        out: the folder of the decks, one HTML file each, which need no network
    """
    from pathlib import Path

    from fercourse.course.checkout import find_course
    from fercourse.course.slides.decks import write_decks

    say_shortages(out)
    for path, count in write_decks(lessons, course=find_course(), out=Path(out)):
        print(f"{path}: {count} slides")
    return 0


def demo(*, weights: str | None = None, port: int = 8899) -> int:
    """Show a page on this machine that reads a picture or the webcam: your own face, nothing is kept.

    Args:
        weights: a network that fc.export_onnx wrote; without it a small one is trained on drawn faces, once
        port: of 127.0.0.1; 0 for any free one
    """
    from fercourse.classroom.demo.network import drawn_network
    from fercourse.classroom.demo.server import serve
    from fercourse.learn.export.network import OnnxNetwork, needed

    for module in ("cv2", "onnxruntime"):
        needed(module)
    say_shortages(".")
    serve(drawn_network() if weights is None else OnnxNetwork(weights), port)
    return 0


def doctor() -> int:
    """Look for what is wrong with this machine, this Python or this folder, and say what to do about it."""
    from fercourse.course.doctor.examine import doctor

    return doctor()


def clinic(*, leaderboard: str) -> int:
    """Make one page of a class's scores in the debugging clinic of lesson 08.

    Args:
        leaderboard: the folder in which the students' score files lie; leaderboard.html is written there
    """
    from fercourse.learn.clinic.leaderboard import leaderboard as write

    page = write(leaderboard)
    print(f"wrote {page}")
    return 0


def call(arguments: list[str]) -> int | None:
    """Call the command that `arguments` name and return its exit code; without one, show the help and end."""
    if arguments in ([], ["data"]):
        arguments = [*arguments, "--help"]
    return _app().cli(
        prog=PROGRAM,
        description=ABOUT,
        args=arguments,
        config=(conf.FlagCreatePairsOff, conf.PositionalMetavarFromFieldName),
    )


def _app():
    app, of_data = SubcommandApp(), SubcommandApp()
    of_authors = conf.configure(conf.PositionalRequiredArgs)(improve)
    for command in (build, run, sweep, train, results, slides, grade, demo, doctor, clinic, of_authors):
        app.command(command)
    for command in (data.find, data.verify, data.summary, data.convert, data.export_drawn, data.download):
        of_data.command(conf.configure(conf.PositionalRequiredArgs)(command))  # what must be given has no -- name
    app.command(of_data, name="data", help=ABOUT_DATA)
    return app
