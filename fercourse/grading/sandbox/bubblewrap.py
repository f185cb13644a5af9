"""The sandbox of a student's kernel, by bubblewrap: what it sees, what it may use up. It sees no notebook but its own.

No network, no other process, no file of the machine but the interpreter's, none of the grader's rights. Whoever is root
starts it as nobody: the kernel sets no limit on the number of root's processes.
"""

import os
import shutil
import site
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from fercourse.errors import GradingError
from fercourse.files import PACKAGE
from fercourse.grading.sandbox.cures import ALTERNATIVE, INSTALL, NEWER, cure_of, is_too_old
from fercourse.grading.sandbox.seccomp import filter_program, with_own_keyring

HOME = "/tmp"  # inside; what is written there is gone with the sandbox
NOBODY = 65534
TRIAL_SECONDS = 120
MOST_PROCESSES = 128  # threads count as well
HIDDEN_FOLDERS = ("classroom/checks", "grading")
HIDDEN_FILE = "classroom/hints.json"
SHOWN_AGAIN = ("__init__.py", "inside")
PACKAGE_FOLDERS = ("lib*/python*/*-packages", "local/lib*/python*/*-packages")
KEY_LISTS = ("/proc/keys", "/proc/key-users")  # of all that this user started
SYSTEM_FILES = ("/etc/alternatives", "/etc/fonts", "/etc/ld.so.cache", "/etc/localtime")


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
    _try_out()
    for path in hidden:
        for root in _roots():
            if Path(path).resolve().is_relative_to(root):
                raise GradingError(f"{path} lies in {root}, which a student's code may read: move it somewhere else")
    return "bwrap"


def _try_out():
    """Start and end a sandbox. Raises GradingError, with what helps, where that fails."""
    version = subprocess.run(["bwrap", "--version"], capture_output=True, text=True, check=False).stdout.strip()
    if is_too_old(version):
        raise GradingError(f"no sandbox: {INSTALL}; found {version}. {NEWER}; {ALTERNATIVE}.")
    program = [sys.executable, "-c", "import fercourse.grading.inside.serve"]
    with start(program, Limits(), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        killer = threading.Timer(TRIAL_SECONDS, process.kill)
        killer.start()
        said = process.communicate()[1].decode(errors="replace").strip()
        killer.cancel()
    if process.returncode != 0:
        last = (said.splitlines() or [f"it ended with {process.returncode}"])[-1]
        raise GradingError(f"no sandbox: bwrap was tried and failed: {last}. {cure_of(said)}; {ALTERNATIVE}.")


def start(program, limits, *, stdin, stderr=subprocess.DEVNULL, home=None):
    """Start a program under `limits`, in a session and with a keyring of its own; returns the subprocess.Popen.

    What it prints is thrown away. home: the folder that it calls its home, where there is no sandbox around it.
    """
    words = [_found("prlimit"), f"--data={limits.memory_mb * 2**20}", f"--fsize={limits.disk_mb * 2**20}"]
    words += ["--nofile=1024", "--core=0", f"--cpu={int(2 * limits.total_seconds) + 10}"]
    files = []
    if limits.sandbox != "none":
        # In a file, bwrap's own words are not in /proc, where the program could read them.
        files = [_file_of(filter_program())]
        files.append(_file_of("\0".join([*_options(limits), "--seccomp", str(files[0])]).encode()))
        words = [*_as_nobody(), _found("bwrap"), "--args", str(files[1]), "--", *words, f"--nproc={MOST_PROCESSES}"]
    elif shutil.which("prlimit") is None:
        words = []
    try:
        return subprocess.Popen(
            [*with_own_keyring(), *words, *program], stdin=stdin, stdout=subprocess.DEVNULL, stderr=stderr,
            cwd=home, env=environment(home or HOME), pass_fds=files, start_new_session=True,
        )  # fmt: skip
    finally:
        for file in files:
            os.close(file)


def _options(limits):
    """The options of bwrap."""
    words = ["--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session"]
    words += ["--uid", "1000", "--gid", "1000", "--hostname", "kernel", "--cap-drop", "ALL", "--clearenv"]
    words += ["--proc", "/proc", "--dev", "/dev", *_writable(limits), *_mounts(), *_hidden(), *_sealed()]
    return words + [word for name, text in environment(HOME).items() for word in ("--setenv", name, text)]


def _file_of(content):
    """A file in memory that holds these bytes, at its beginning, as a descriptor."""
    file = os.memfd_create("fercourse")
    os.write(file, content)
    os.lseek(file, 0, os.SEEK_SET)
    return file


def _found(program):
    """Where the grader finds a program: the kernel's own search path may not lead there."""
    return shutil.which(program) or program


def environment(home):
    """The environment variables of a student's kernel whose home is `home`: nothing of the grader's."""
    single = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    # The same fercourse as here, where another copy is installed; an installed one has its place in the path already.
    path = {} if PACKAGE.parent.name.endswith("-packages") else {"PYTHONPATH": str(PACKAGE.parent)}
    return (
        dict.fromkeys(single, "1")
        | path
        | {
            "FERCOURSE_DATA": "drawn",
            "FERCOURSE_GRADING": "1",
            "FERCOURSE_HEADLESS": "1",
            "HOME": home,
            "LANG": "C.UTF-8",
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "OMP_WAIT_POLICY": "passive",
            "PATH": f"{sys.prefix}/bin:/usr/bin:/bin",
            "PIP_DEFAULT_TIMEOUT": "1",
            "PIP_RETRIES": "0",  # there is no network to wait for
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
            "PYTHONUSERBASE": site.getuserbase(),
            "TMPDIR": home,
            "TQDM_DISABLE": "1",
            "USER": "student",
        }
    )


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
    outer = [_found("bwrap"), "--die-with-parent", "--unshare-pid", "--cap-drop", "ALL", *rights]
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
    """Empty folders over the checks and the grader, but for the room that runs inside; no hints; nobody's keys."""
    words = []
    for folder in (PACKAGE / name for name in HIDDEN_FOLDERS):
        if folder.is_dir():
            again = [str(folder / name) for name in SHOWN_AGAIN if folder.name == "grading"]
            words += ["--tmpfs", str(folder), *(word for path in again for word in ("--ro-bind", path, path))]
            words += ["--remount-ro", str(folder)]
    for copy in _copies():
        words += ["--tmpfs", str(copy), "--remount-ro", str(copy)]
    for path in (str(PACKAGE / HIDDEN_FILE), *KEY_LISTS):
        words += ["--ro-bind", os.devnull, path] if os.path.isfile(path) else []
    return words


def _copies():
    """Every other copy of this package that a student's code may read, as `pip install` makes one."""
    folders = [Path(folder) for folder in sys.path]
    folders += [folder for root in _roots() for pattern in PACKAGE_FOLDERS for folder in root.glob(pattern)]
    found = {(folder / PACKAGE.name).resolve() for folder in folders} - {PACKAGE}
    return sorted(copy for copy in found if copy.is_dir() and any(copy.is_relative_to(root) for root in _roots()))


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
