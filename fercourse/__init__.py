"""fercourse: deep learning by one hard, honest problem, reading emotions from 48×48 grey faces.

`import fercourse as fc` is quick and changes nothing: names are looked up when they are first used, and PyTorch is
imported only then. The one exception is `triton_first`, which prevents a crash.
"""

from importlib import import_module

from fercourse.triton_first import load_triton_first

__version__ = "0.1.0"

_HOMES = {
    "fercourse.errors": [
        "CheckFailed",
        "CheckpointMismatch",
        "DataMismatch",
        "DataNotFound",
        "FercourseError",
        "GradingError",
        "NotWritten",
        "ParameterError",
        "TrainingDiverged",
    ],
    "fercourse.data.faces": ["BALLOT", "EMOTIONS", "Faces", "SIDE", "Split", "USAGES"],
    "fercourse.data.drawn.dataset": ["drawn_faces"],
    "fercourse.data.load": ["load"],
    "fercourse.data.layouts.convert": ["convert"],
    "fercourse.report.history": ["History"],
    "fercourse.report.predictions": ["Predictions"],
    "fercourse.report.claims": ["claim", "record"],
    "fercourse.report.trainings": ["TrainingRun", "keep_run", "kept_run"],
    "fercourse.learn.device": ["choose_device", "seed_everything"],
    "fercourse.learn.loop": ["batches", "evaluate", "predict", "train_epoch"],
    "fercourse.learn.augment": ["Augment", "augmented"],
    "fercourse.learn.schedules": ["Cosine", "OneCycle", "Plateau", "Step", "every_batch", "every_epoch"],
    "fercourse.learn.fitting": ["fit", "iter_fit"],
    "fercourse.learn.range_test": ["range_test"],
    "fercourse.learn.models": ["Standardise", "cnn", "mlp", "prelu_cnn", "resnet", "resnet9"],
    "fercourse.learn.costs": ["cost", "flops_per_second"],
    "fercourse.classroom.session": ["setup"],
    "fercourse.classroom.guesses": ["guess", "reveal"],
    "fercourse.classroom.browser": ["browse"],
    "fercourse.classroom.transforms": ["try_transforms"],
    "fercourse.classroom.source": ["source"],
    "fercourse.classroom.checking": ["check", "progress"],
    "fercourse.classroom.hints": ["hint"],
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
_MODULES = {"plots": "fercourse.report.plots", "tf": "fercourse.tf"}

__all__ = sorted([*_HOME_OF, "plots"])  # what `from fercourse import *` brings; not TensorFlow, an extra and slow


def __getattr__(name):
    if name in _MODULES:
        return import_module(_MODULES[name])
    if name not in _HOME_OF:
        raise AttributeError(f"fercourse has no {name!r}; it has {', '.join(__dir__())}")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__():
    return sorted([*_HOME_OF, *_MODULES])


load_triton_first()
