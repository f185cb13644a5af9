"""The first and the last cell of a lesson: `setup` says what this run is, `stamp` what it was."""

import os
import re
import sys
import time
import warnings
from dataclasses import dataclass, field, replace
from html import escape
from os import PathLike
from typing import TYPE_CHECKING, TypeVar

from fercourse.errors import ParameterError
from fercourse.hosted import nobody_watches, use_drive
from fercourse.processor import processor_seconds, settle_processor
from fercourse.report.origin import versions
from fercourse.report.run import begin, current_run
from fercourse.report.show import show
from fercourse.settings import SCALES, Scale, choice, flag, seed_number
from fercourse.shortage import say_shortages

if TYPE_CHECKING:  # for editors: a notebook loads PyTorch when it trains
    import torch

    from fercourse.data.faces import Faces

Value = TypeVar("Value")

WORDS_STAY_WHOLE = "<style>.jp-OutputArea-output pre { word-break: normal; overflow-wrap: break-word; }</style>"
"""JupyterLab breaks a printed line wherever it is full, inside of words too."""

OF_PYTORCH_ALONE = r"`isinstance\(treespec, LeafSpec\)` is deprecated"
"""How PyTorch 2.11, that of Colab, warns of its own code while it exports a network: nobody else can heed it."""


def headless() -> bool:
    """Whether nobody is watching: a runner or a test executes the notebook (with FERCOURSE_HEADLESS=1), or Kaggle."""
    return os.environ.get("FERCOURSE_HEADLESS") == "1" or nobody_watches()


def setup(lesson: str, *, scale: Scale = "lesson", seed: int = 0, device: "str | torch.device" = "auto") -> "Session":
    """Begin a lesson: say the versions, the scale and the device, and return the run's `Session`.

    In Colab the notebook works from then on in your Drive, where that is mounted: see `use_drive`.
    The environment variable FERCOURSE_SCALE overrides `scale`, for test runners that cannot pass parameters.
    Raises ParameterError for a lesson that is no number such as 03 or 03b, an unknown scale, a seed that is no whole
    number, or a device that is not here. It names the notebook's parameter: SCALE, SEED or DEVICE.
    """
    settle_processor()
    from fercourse.learn.device import choose_device

    if not isinstance(lesson, str) or not re.fullmatch(r"[0-9]{2}[a-z]?", lesson):
        raise ParameterError(f"expected the lesson as a text such as '03' or '03b'; found {lesson!r}")
    session = Session(lesson, _scale(scale), _named("SEED", seed_number, seed), _named("DEVICE", choose_device, device))
    session._begin()
    _settle_outputs()
    warnings.filterwarnings("ignore", OF_PYTORCH_ALONE, FutureWarning)
    use_drive()
    print(f"Lesson {lesson} · {session.scale} scale · seed {session.seed} · {session.device} · {_listed(versions())}")
    if session.scale == "smoke":
        print("Smoke scale runs every cell on little data. Its figures mean nothing: use SCALE = 'lesson' to learn.")
    else:
        say_shortages(".")
    return session


def _settle_outputs():
    """In a notebook: printed lines break between words; figures carry their alternative text, and colours of lines."""
    ipython = sys.modules.get("IPython")
    if ipython is None or ipython.get_ipython() is None:
        return
    from fercourse.report.pictures.style import colour_lines
    from fercourse.report.pictures.words import describe_figures

    describe_figures(ipython.get_ipython())
    colour_lines()
    ipython.display.display({"text/html": WORDS_STAY_WHOLE, "text/plain": ""}, raw=True)


def _scale(scale):
    """The scale of the run: the environment's, where it names one."""
    outside = os.environ.get("FERCOURSE_SCALE")
    name, wanted = ("FERCOURSE_SCALE", outside) if outside else ("SCALE", scale)
    return choice(name, wanted, SCALES)


def _named(name, read, value):
    """`read(value)`; an error names the notebook's parameter that the value comes from."""
    try:
        return read(value)
    except ParameterError as error:
        raise ParameterError(f"{name}: {error}") from error


def _listed(numbers):
    return ", ".join(f"{name} {number}" for name, number in numbers.items())


@dataclass(frozen=True)
class Session:
    """One run of a lesson: its scale ("smoke", "lesson", "full"), seed and torch.device."""

    lesson: str
    scale: Scale
    seed: int
    device: "torch.device"
    _started: float = field(default_factory=time.perf_counter, repr=False)
    _used: float = field(default_factory=processor_seconds, repr=False)

    def pick(self, *, smoke: Value, lesson: Value, full: Value | None = None) -> Value:
        """The value for this run's scale; `full` is the lesson's where it is not given."""
        return {"smoke": smoke, "lesson": lesson, "full": lesson if full is None else full}[self.scale]

    def load(self, source: str | PathLike = "auto", *, whole: bool = False) -> "Faces":
        """`fc.load` at this run's scale; claims and figures say from then on which data they come from.

        At smoke scale a real data set is cut to as many faces as are drawn at that scale, unless `whole`.
        """
        from fercourse.data.load import DRAWN_SIZES, load

        whole = flag("whole", whole)
        data = load(source, scale=self.scale, seed=self.seed)
        if self.scale == "smoke" and not whole:
            parts = zip(data, DRAWN_SIZES["smoke"], strict=True)
            train, valid, test = (split.take(min(len(split), most), seed=self.seed) for split, most in parts)
            data = replace(data, train=train, valid=valid, test=test)
        self._begin(data)
        return data

    def stamp(self) -> None:
        """Say where every figure above came from: data, device, seed, versions, seconds, memory."""
        run = current_run()
        metadata = run.stamp() | {
            "kind": "stamp",
            "device": run.device,
            "source": run.source or "no data",
            "official": bool(run.source) and run.official,
            "versions": versions(),
            "seconds": round(time.perf_counter() - self._started, 1),
            "processor_seconds": round(processor_seconds() - self._used, 1),
            "peak_memory_mb": peak_memory_mb(),
        }
        memory = f"{metadata['peak_memory_mb']:,} MB at most" if metadata["peak_memory_mb"] else "memory not measured"
        text = (
            f"Run on {metadata['source']} (fingerprint {run.fingerprint}) at {run.scale} scale, seed {run.seed}, "
            f"on {run.device}, in {metadata['seconds']:.0f} s "
            f"({metadata['processor_seconds']:.0f} s of the processor), {memory}. {_listed(metadata['versions'])}."
        )
        show(metadata, text=text, html=f"<p><small>{escape(text)}</small></p>")

    def _begin(self, data=None):
        """From now on claims and figures are those of this session, on `data`."""
        origin = ("source", "fingerprint", "drawn", "official")
        about = {} if data is None else {name: getattr(data, name) for name in origin}
        begin(lesson=self.lesson, scale=self.scale, seed=self.seed, device=device_name(self.device), **about)


def device_name(device: "torch.device") -> str:
    """A torch.device in words: the GPU's name, or the number of threads of the processor."""
    import torch

    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    return f"{device.type}, {threads} thread{'s' if threads > 1 else ''}" if device.type == "cpu" else device.type


def peak_memory_mb() -> int | None:
    """The most memory that this process has held so far, in MB; None where the system does not say (Windows)."""
    if sys.platform == "win32":
        return None
    import resource

    unit = 2**20 if sys.platform == "darwin" else 2**10
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit)
