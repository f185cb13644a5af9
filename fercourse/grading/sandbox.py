"""The sandbox of a student's kernel, by bubblewrap: what it sees, what it may use up. It sees no notebook but its own.

No network, no other process, no file of the machine but the interpreter's, none of the grader's rights. Whoever is root
starts it as nobody: the kernel sets no limit on the number of root's processes.
"""

import os
import shutil
import site
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import fercourse
from fercourse.errors import GradingError

HOME = "/tmp"  # inside; what is written there is gone with the sandbox
NOBODY = 65534
MOST_PROCESSES = 128  # threads count as well
PACKAGE = Path(fercourse.__file__).resolve().parent
HIDDEN_FOLDERS = ("classroom/checks", "grading")
HIDDEN_FILE = "classroom/hints.json"
SHOWN_AGAIN = ("__init__.py", "inside.py", "shown.py", "wire.py")
SYSTEM_FILES = ("/etc/alternatives", "/etc/fonts", "/etc/ld.so.cache", "/etc/localtime")
INSTALL = "Install bubblewrap 0.8 or newer (for example: sudo apt install bubblewrap)"
ALTERNATIVE = "or, if you trust every submission as your own code, pass --sandbox none"


@dataclass(frozen=True)
class Limits:
    """What one submission may use: seconds a cell and in total, memory and disk in MB, kB of output a cell."""

    cell_seconds: float = 10
    total_seconds: float = 90
    memory_mb: int = 3000
    disk_mb: int = 256
    output_kb: int = 100
    sandbox: str = "bwrap"


def choose_sandbox(wanted="auto", *, hidden=()):
    """The sandbox to use, "bwrap" or "none". hidden: paths that a student's code must not be able to read.

    wanted: "auto" and "bwrap" mean bwrap, tried out here; "none" is never chosen without being asked for.
    Raises GradingError where it does not work, and says what to do.
    """
    if wanted not in ("auto", "bwrap", "none"):
        raise GradingError(f"the sandbox is auto, bwrap or none; found {wanted!r}")
    if wanted == "none":
        return "none"
    for program in ("bwrap", "prlimit", *(["setpriv"] if _is_root() else [])):
        if shutil.which(program) is None:
            raise GradingError(f"no sandbox: {program} is not installed. {INSTALL}, {ALTERNATIVE}.")
    tried = subprocess.run(
        [*command(Limits()), sys.executable, "-c", "import fercourse.grading.inside"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    if tried.returncode != 0:
        said = (tried.stderr.strip().splitlines() or [f"it ended with {tried.returncode}"])[-1]
        raise GradingError(
            f"no sandbox: bwrap was tried and failed: {said}. {INSTALL}; run this as a user that may use it and may "
            f"read {sys.prefix}; {ALTERNATIVE}."
        )
    for path in hidden:
        for root in _roots():
            if Path(path).resolve().is_relative_to(root):
                raise GradingError(f"{path} lies in {root}, which a student's code may read: move it somewhere else")
    return "bwrap"


def command(limits):
    """The words in front of a program that make it run under `limits`."""
    used_up = ["prlimit", f"--data={limits.memory_mb * 2**20}", f"--fsize={limits.disk_mb * 2**20}", "--nofile=1024"]
    used_up += ["--core=0", f"--cpu={int(2 * limits.total_seconds) + 10}"]
    if limits.sandbox == "none":
        return used_up if shutil.which("prlimit") else []
    inner = ["bwrap", "--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session"]
    inner += ["--uid", "1000", "--gid", "1000", "--hostname", "kernel", "--cap-drop", "ALL", "--clearenv"]
    inner += ["--proc", "/proc", "--dev", "/dev", *_writable(limits), *_mounts(), *_hidden(), *_sealed()]
    inner += [word for name, text in environment(HOME).items() for word in ("--setenv", name, text)]
    return [*_as_nobody(), *inner, "--", *used_up, f"--nproc={MOST_PROCESSES}"]


def environment(home):
    """The environment variables of a student's kernel whose home is `home`: nothing of the grader's."""
    single = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    return dict.fromkeys(single, "1") | {
        "FERCOURSE_DATA": "drawn",
        "FERCOURSE_GRADING": "1",
        "FERCOURSE_HEADLESS": "1",
        "HOME": home,
        "LANG": "C.UTF-8",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "OMP_WAIT_POLICY": "passive",
        "PATH": f"{sys.prefix}/bin:/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONUSERBASE": site.getuserbase(),
        "TMPDIR": home,
        "TQDM_DISABLE": "1",
        "USER": "student",
    }


def _is_root():
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _as_nobody():
    """For root: an outer sandbox with the same files, in which setpriv becomes nobody, who starts the inner one.

    Only there may nobody reach an interpreter that lies in a folder of root's own. It has process numbers of its own,
    because nobody's processes end with root's only as part of such a world; and a /proc that knows these numbers,
    because the inner bwrap looks itself up there.
    """
    if not _is_root():
        return []
    rights = [word for right in ("SETUID", "SETGID", "SYS_ADMIN") for word in ("--cap-add", f"CAP_{right}")]
    outer = ["bwrap", "--die-with-parent", "--unshare-pid", "--cap-drop", "ALL", *rights]
    outer += ["--bind", "/proc", "/proc", "--dev-bind", "/dev", "/dev", "--tmpfs", HOME, *_mounts()]
    own_proc = ["sh", "-c", 'mount -t proc proc /proc && exec "$0" "$@"']
    return [*outer, "--", *own_proc, "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--"]


def _roots():
    """The folders that a student's code may read: the interpreter's, the packages', /usr."""
    executable = Path(sys.executable).resolve()
    found = {Path("/usr"), Path(sys.prefix), Path(sys.base_prefix), executable.parents[1], PACKAGE}
    if site.ENABLE_USER_SITE:
        found.add(Path(site.getusersitepackages()))
    found |= {path.resolve() for path in found}
    return [path for path in sorted(found) if path.is_dir() and not any(other in path.parents for other in found)]


def _mounts():
    mounts = []
    for name in ("bin", "lib", "lib32", "lib64", "sbin"):
        path = Path("/", name)
        if path.is_symlink():
            mounts += ["--symlink", os.readlink(path), str(path)]
        elif path.is_dir():
            mounts += ["--ro-bind", str(path), str(path)]
    shown = [*_roots(), *_font_lists(), *map(Path, SYSTEM_FILES)]
    for folder in sorted({parent for path in shown for parent in path.parents} - {Path("/")}):
        mounts += ["--perms", "0755", "--dir", str(folder)]
    for path in shown:
        mounts += ["--ro-bind-try", str(path), str(path)]
    return mounts


def _hidden():
    """Empty folders over the checks and the grader, but for the modules that run inside; no hints."""
    words = []
    for folder in (PACKAGE / name for name in HIDDEN_FOLDERS):
        if folder.is_dir():
            again = [str(folder / name) for name in SHOWN_AGAIN if folder.name == "grading"]
            words += ["--tmpfs", str(folder), *(word for path in again for word in ("--ro-bind", path, path))]
            words += ["--remount-ro", str(folder)]
    if (PACKAGE / HIDDEN_FILE).is_file():
        words += ["--ro-bind", os.devnull, str(PACKAGE / HIDDEN_FILE)]
    return words


def _writable(limits):
    """A home and shared memory, both of a limited size."""
    size, shared = limits.disk_mb * 2**20, limits.disk_mb * 2**18
    return ["--size", str(shared), "--tmpfs", "/dev/shm", "--size", str(size), "--tmpfs", HOME]


def _sealed():
    """Nothing else can be written, not even the root folder."""
    cache = f"{HOME}/.cache/matplotlib"
    links = [word for path in _font_lists() for word in ("--symlink", str(path), f"{cache}/{path.name}")]
    return [*links, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", HOME]


def _font_lists():
    """What Matplotlib knows of the machine's fonts, where it is there: looking for them takes seconds."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "matplotlib")
    return sorted(cache.glob("fontlist-*.json")) if cache.is_dir() else []
