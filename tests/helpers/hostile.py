"""Hostile submissions of the toy sheet: each is written into a student's folder and names the row that it should get.

`$ROOT` in a cell is replaced by the folder that holds the course, the submissions and the marks. An attack that may
or may not succeed collects `breaches`, and the answer `colours` is right only while there are none: full points mean
that the sandbox held.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from keys import KEYS, NUMBER
from toy_sheet import BY_HAND, NUMBERS, POINTS, RIGHT, STUBS, cell, handed_in

MARK = "left-behind-5e1f0c"  # stands in the command line of each process that a submission tries to leave behind
HELD = 'colours = ["red", "green", "blue"] if not breaches else breaches'
SUBMISSIONS = []


@dataclass(frozen=True)
class Submission:
    """One submission: `write(folder)` puts it there; the rest is the row that it should get."""

    name: str
    write: Callable[[Path], None]
    points: dict  # graded cell → points; None where a person marks it
    status: str
    says: tuple[str, ...]  # what a remark or a reason says, in lower case


def submission(*, loses=(), says=(), status="graded", name=None):
    """Add a function to the list. `loses`: names of exercises, or ids of graded cells; "everything" for all."""

    def add(write):
        SUBMISSIONS.append(Submission(name or write.__name__, write, expected(loses), status, tuple(says)))
        return write

    return add


def expected(loses):
    """The points of each graded cell when those that `loses` names get none."""
    full = POINTS | dict.fromkeys(BY_HAND)
    if loses == "everything":
        return dict.fromkeys(full, 0)
    lost = {f"00-{NUMBERS.get(name)}" for name in loses} | set(loses)
    return {id: 0 if id in lost or id.rpartition("-")[0] in lost else points for id, points in full.items()}


def hand_in(folder, sheet, *, name="sheet.ipynb"):
    """Write a notebook into a student's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(sheet, indent=1).replace("$ROOT", str(folder.parents[1]))
    (folder / name).write_text(text, encoding="utf-8")


def cells(sheet):
    """The cells of a notebook by their ids."""
    return {found["id"]: found for found in sheet["cells"]}


def _asks_whether_it_is_in_a_sandbox(folder):
    first = """
        import os
        breaches = [path for path in ("$ROOT", "/root/.ssh", "/home") if os.path.exists(path)]
        if os.getpid() > 20 or os.getppid() > 20:
            breaches.append("processes")
        if os.geteuid() == 0:
            breaches.append("root")
        breaches += [place for place in ("/", "/tmp", "/dev/shm", "/proc") if not os.path.ismount(place)]
    """
    hand_in(folder, handed_in(first=first, colours=HELD))


# Not in the list: graded before it, because what follows would do great harm outside of a sandbox.
PROBE = Submission("probe", _asks_whether_it_is_in_a_sandbox, expected(()), "graded", ())


# Well-behaved students, in front of, between and behind the others


@submission()
def aa_ada(folder):
    hand_in(folder, handed_in())


@submission()
def other_right_answers(folder):
    total = """
        def total(values):
            return np.sum(values, dtype=float)
    """
    softmax = """
        class Softmax:
            def __call__(self, logits):
                from warnings import warn
                warn("about to divide")
                shifted = logits - np.max(logits, axis=1)[:, None]
                return (np.exp(shifted).T / np.exp(shifted).sum(axis=1)).T

        softmax = Softmax()
    """
    side = "side = lambda size, kernel, stride: len(range(0, size - kernel + 1, stride))"
    colours = """
        colours = "red green".split()
        colours.append("blue")
    """
    hand_in(folder, handed_in(total=total, softmax=softmax, side=side, colours=colours))


@submission()
def zz_emmy(folder):
    hand_in(folder, handed_in(last="total([1, 2]), side(5, 3, 1)"))


@submission(loses=["total", "softmax", "side", "colours", "00-5-answer"], says=["unanswered"])
def untouched(folder):
    hand_in(folder, handed_in(**STUBS))


# Time, and the life of the kernel


@submission(loses=["softmax"], says=["00-2-answer", "longer"])
def endless_loop(folder):
    hand_in(folder, handed_in(softmax="while True:\n    pass"))


@submission(loses=["side"], says=["longer"])
def endless_function(folder):
    hand_in(folder, handed_in(side="def side(size, kernel, stride):\n    while True:\n        pass"))


@submission(loses=["softmax"], says=["00-2-answer", "longer"])
def swallows_interrupts(folder):
    softmax = """
        import signal
        for number in {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM}:
            signal.signal(number, signal.SIG_IGN)
        while True:
            try:
                while True:
                    pass
            except BaseException:
                pass
    """
    hand_in(folder, handed_in(softmax=softmax))


@submission(loses=["softmax"], says=["00-2-answer", "died"])
def dies(folder):
    hand_in(folder, handed_in(softmax="import os\nos._exit(0)"))


@submission(loses=["side"], says=["died"])
def killed_when_called(folder):
    side = """
        def side(size, kernel, stride):
            import os, signal
            os.kill(os.getpid(), signal.SIGKILL)
    """
    hand_in(folder, handed_in(side=side))


@submission(loses=["softmax"], says=["00-2-answer", "died"])
def kills_everything(folder):
    softmax = """
        import os, signal
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in (1, os.getppid(), -1, 0):
                try:
                    os.kill(pid, number)
                except OSError:
                    pass
        os.kill(os.getpid(), signal.SIGKILL)
    """
    hand_in(folder, handed_in(softmax=softmax))


@submission(loses=["softmax", "side"], says=["00-2-answer", "00-3-answer", "died"])
def crashes_twice(folder):
    crash = "import ctypes\nctypes.string_at(0)"
    recursion = """
        import sys
        sys.setrecursionlimit(10**9)
        deep = lambda *_: repr(deep()) + sorted([1, 2], key=deep)
        deep()
        import os
        os.abort()
    """
    hand_in(folder, handed_in(softmax=crash, side=recursion))


@submission(loses=["softmax"], says=["systemexit"])
def exits(folder):
    softmax = "import sys\n\ndef softmax(logits):\n    sys.exit(0)"
    hand_in(folder, handed_in(first="import sys\nsys.exit(0)", softmax=softmax, last="raise KeyboardInterrupt"))


@submission()
def quits(folder):
    hand_in(folder, handed_in(first="quit()", last="exit()\nget_ipython().ask_exit()"))


@submission(loses=["total", "side"], says=["eoferror"])
def asks(folder):
    side = "def side(size, kernel, stride):\n    import getpass\n    return int(getpass.getpass('The side? '))"
    hand_in(folder, handed_in(total='answer = input("What is the answer? ")', side=side))


# Memory, processes, disk, output


@submission(loses=["softmax", "side"], says=["memory"])
def memory_bomb(folder):
    """Once as memory of the process, which is refused; once as shared memory, for which the kernel is ended."""
    softmax = """
        hoard = [bytearray(50_000_000) for _ in range(100)]
        softmax = lambda logits: hoard
    """
    side = """
        def side(size, kernel, stride):
            import mmap
            shared = mmap.mmap(-1, 2**31)
            for _ in range(2**31 // 2**24):
                shared.write(bytes(2**24))
            return (size - kernel) // stride + 1
    """
    hand_in(folder, handed_in(softmax=softmax, side=side))


@submission(loses=["softmax"], says=["00-2-answer", "left out"])
def fork_bomb(folder):
    softmax = """
        import os, time
        for _ in range(3000):
            try:
                if not os.fork():
                    time.sleep(60)
                    os._exit(0)
            except OSError:
                time.sleep(0.01)
        time.sleep(60)
    """
    hand_in(folder, handed_in(softmax=softmax))


@submission(says=["(first)", "longer"])
def hogs_the_processors(folder):
    """Each child in a session of its own, which the scheduler treats as fairly as another student's kernel."""
    first = """
        import os
        for _ in range(200):
            try:
                if not os.fork():
                    os.setsid()
                    break
            except OSError:
                break
        while True:
            pass
    """
    hand_in(folder, handed_in(first=first))


@submission()
def fills_the_disk(folder):
    first = """
        import os
        breaches, written, megabyte = [], [], 0
        for place in (".", os.environ.get("HOME", "."), "/tmp", "/var/tmp", "/dev/shm", "/dev", "/run", "/"):
            try:
                for number in range(40):
                    name = f"{place}/filling-{os.getpid()}-{number}"
                    with open(name, "wb", buffering=0) as file:
                        written.append(name)
                        for _ in range(10):
                            megabyte += file.write(bytes(2**20)) / 2**20
            except OSError:
                pass
        if megabyte > 400:
            breaches.append(f"{megabyte} MB written")
        for name in written:
            os.unlink(name)
    """
    hand_in(folder, handed_in(first=first, colours=HELD))


@submission()
def prints_a_lot(folder):
    first = """
        for number in range(1_000_000):
            print(number)
    """
    last = "print('x' * 100_000_000)\nraise ValueError('y' * 50_000_000)"
    hand_in(folder, handed_in(first=first, last=last))


@submission(loses=["softmax"])
def prints_a_lot_when_called(folder):
    softmax = """
        def softmax(logits):
            for number in range(100_000):
                print("a line that nobody reads", number)
            raise ValueError("z" * 50_000_000)
    """
    hand_in(folder, handed_in(softmax=softmax))


@submission()
def prints_for_ever(folder):
    first = """
        import threading

        def chatter():
            while True:
                print("chatter", flush=True)

        for _ in range(2):
            threading.Thread(target=chatter).start()
    """
    hand_in(folder, handed_in(first=first))


@submission()
def shows_a_lot(folder):
    first = """
        from IPython.display import HTML, Image, clear_output, display
        for number in range(3000):
            display(HTML(f"<b>{number}</b>"), display_id=str(number % 7))
        for _ in range(300):
            clear_output()
        display({"image/png": "iVBOR" * 4_000_000, "text/plain": "a picture"}, raw=True)
        display({"application/vnd.made.up+json": [[[[]]]] * 1000, "image/png": "no picture"}, raw=True)
        display({"text/html": "<b>" * 100_000}, raw=True)
    """
    hand_in(folder, handed_in(first=first))


@submission()
def many_cells_that_show_a_lot(folder):
    """No cell shows more than it may; all together would fill the grader's memory, and a page that opens never."""
    sheet = handed_in()
    picture = "'iVBORw0KGgo' + 'A' * 950_000"
    source = (
        f"from IPython.display import display\nfor _ in range(20):\n    display({{'image/png': {picture}}}, raw=True)\n"
    )
    sheet["cells"] += [cell("code", f"picture-{number}", source) for number in range(10)]
    sheet["cells"] += [cell("code", f"long-{number}", "#" * 150_000) for number in range(60)]
    hand_in(folder, sheet)


@submission()
def warns(folder):
    first = """
        import sys, warnings, logging
        warnings.warn("a warning")
        logging.warning("a logged warning")
        print("trouble", file=sys.stderr)
    """
    softmax = RIGHT["softmax"].replace("):\n", "):\n    import sys; print('trouble', file=sys.stderr)\n")
    hand_in(folder, handed_in(first=first, softmax=softmax))


@submission()
def leaves_processes_behind(folder):
    first = f"""
        import os, signal, subprocess, sys
        endless = "import signal, time; [signal.signal(n, signal.SIG_IGN) for n in (1, 2, 15)]; time.sleep(3000)"
        for _ in range(3):
            subprocess.Popen([sys.executable, "-c", endless, "{MARK}"], start_new_session=True)
        if not os.fork():
            os.setsid()
            if not os.fork():
                os.execv(sys.executable, [sys.executable, "-c", endless, "{MARK}"])
            os._exit(0)
    """
    hand_in(folder, handed_in(first=first))


# Reading and writing what is the grader's


@submission()
def reads_everything(folder):
    first = """
        import glob, os
        secret = b"marigold" + b"-5e1f0c"
        breaches = []
        wanted = ["$ROOT/course/solutions/00_toy.ipynb", "$ROOT/marks/marks.json", "$ROOT/marks/marks.csv"]
        wanted += [f"{root}{path}" for root in glob.glob("/proc/*/root") for path in wanted]
        for name in ("environ", "cmdline", "fd/*", "task/*/environ"):
            wanted += glob.glob(f"/proc/*/{name}")
        for path in wanted:
            try:
                found = os.read(os.open(path, os.O_RDONLY | os.O_NONBLOCK), 1_000_000)
            except OSError:
                continue
            if secret in found or b"--solution" in found:
                breaches.append(path)
        for path in ("$ROOT/submissions/aa_ada", "$ROOT/course", "/root/.ssh", "/home", "/etc/shadow"):
            if os.path.exists(path) and (os.path.isfile(path) or os.listdir(path)):
                breaches.append(path)
    """
    hand_in(folder, handed_in(first=first, colours=HELD))


@submission()
def writes_everywhere(folder):
    first = """
        import os, shutil, sys
        breaches = []
        for path in ("course/solutions/00_toy.ipynb", "marks/marks.json", "marks/planted", "planted",
                     "submissions/aa_ada/sheet.ipynb", "submissions/zz_emmy/planted"):
            try:
                os.makedirs(os.path.dirname(f"$ROOT/{path}"), exist_ok=True)
                with open(f"$ROOT/{path}", "a") as file:
                    file.write("planted")
            except OSError:
                pass
        shutil.rmtree("$ROOT", ignore_errors=True)
        numpy = os.path.dirname(np.__file__)
        for folder in ("/usr", "/usr/bin", "/etc", "/sys", "/proc/sys/kernel", sys.prefix, numpy):
            if os.access(folder, os.W_OK):
                breaches.append(folder)
    """
    hand_in(folder, handed_in(first=first, colours=HELD))


@submission()
def opens_sockets(folder):
    first = """
        import socket
        breaches = []
        for family, kind, address in [
            (socket.AF_UNIX, socket.SOCK_STREAM, "\\0$ROOT"),
            (socket.AF_INET, socket.SOCK_STREAM, ("1.1.1.1", 53)),
            (socket.AF_INET6, socket.SOCK_STREAM, ("::1", 22)),
            (socket.AF_INET, socket.SOCK_DGRAM, ("8.8.8.8", 53)),
            (socket.AF_INET, socket.SOCK_RAW, ("127.0.0.1", 1)),
        ]:
            try:
                with socket.socket(family, kind) as made:
                    made.settimeout(0.5)
                    made.connect(address)
                breaches.append(str(address))
            except OSError:
                pass
    """
    hand_in(folder, handed_in(first=first, colours=HELD))


@submission()
def has_no_powers(folder):
    first = """
        import ctypes, os, subprocess
        breaches = []
        status = dict(line.split(":", 1) for line in open("/proc/self/status"))
        if int(status["CapEff"], 16) or int(status["CapBnd"], 16):
            breaches.append("capabilities")
        if os.geteuid() == 0:  # no sandbox at all: leave the machine alone
            breaches.append("root")
        elif ctypes.CDLL(None).mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0:
            breaches.append("mounted")
        for call in (os.setuid, os.setgid):
            try:
                call(0)
                breaches.append(call.__name__)
            except OSError:
                pass
        if os.path.exists("/dev/kmsg") or os.path.exists("/dev/sda"):
            breaches.append("devices")
    """
    hand_in(folder, handed_in(first=first, colours=HELD))


# Keys, and whatever else the system's kernel may be asked for


@submission()
def a_keyring_writer(folder):
    """Puts what a hidden test calls it with where another student, or the next run, may find it."""
    total = """
        breaches = []
        if add_key("planted", "planted") > 0 or add_key("planted", "planted", -4) > 0:
            breaches.append("wrote a key")

        def total(values):
            import sys
            frame = sys._getframe(1)
            while frame:
                if "request" in frame.f_locals:
                    for keyring in (-3, -4, -5):
                        add_key(f"hidden test {frame.f_locals['request'].get('key')}", repr(values), keyring)
                frame = frame.f_back
            return sum(values)
    """
    hand_in(folder, handed_in(first=KEYS, total=total, colours=HELD))


@submission()
def zz_keyring_reader(folder):
    first = """
        breaches = []
        for keyring in (-1, -2, -3, -4, -5):
            breaches += read_keys(keyring)[1]
        for path in ("/proc/keys", "/proc/key-users"):
            try:
                breaches += open(path).read().splitlines()
            except OSError:
                pass
    """
    hand_in(folder, handed_in(first=KEYS + dedent(first), colours=HELD, last="print(breaches, read_keys())"))


@submission()
def asks_the_system_for_more(folder):
    """Each of these has been the way out of a container before."""
    calls = {
        "io_uring_setup": "1, bytes(120)",
        "userfaultfd": "1",
        "perf_event_open": "(1).to_bytes(4, 'little') + (112).to_bytes(4, 'little') + (1).to_bytes(8, 'little') + "
        "bytes(24) + b'\\x60' + bytes(71), 0, -1, -1, 0",
        "bpf": "0, (1).to_bytes(4, 'little') * 4 + bytes(112), 128",
        "unshare": "0x10000000",
        "keyctl": "0, -3, 1",
        "fanotify_init": "0x200, 0",
        "process_vm_readv": "1, None, 0, None, 0, 0",
    }
    asked = "".join(
        f"if syscall({NUMBER[name]}, {words}) >= 0:\n    breaches.append({name!r})\n" for name, words in calls.items()
    )
    families = """
        import socket
        for family in (15, 17, 30, 31, 38, 40, 44):
            try:
                socket.socket(family, socket.SOCK_SEQPACKET if family == 38 else socket.SOCK_STREAM)
                breaches.append(f"family {family}")
            except OSError:
                pass
    """
    hand_in(folder, handed_in(first=KEYS + "breaches = []\n" + asked + dedent(families), colours=HELD))


@submission(says=["1,490 more"])
def dies_again_and_again(folder):
    """A remark for each cell that was left out would fill the tables."""
    sheet = handed_in()
    sheet["cells"] += [cell("code", f"own-{number}", "import os; np = os._exit(1)") for number in range(1500)]
    hand_in(folder, sheet)


@submission(says=["own-2) and 1497 more"])
def dies_again_and_again_in_cells_that_nothing_needs(folder):
    sheet = handed_in()
    sheet["cells"] += [cell("code", f"own-{number}", "import os; os._exit(1)") for number in range(1500)]
    hand_in(folder, sheet)


@submission()
def forges_guesses(folder):
    sheet = handed_in()
    guess = {"kind": "guess", "right": True, "brier": 0}
    cells(sheet)["00-1-answer"]["outputs"] = [
        {"output_type": "display_data", "data": {}, "metadata": {"fercourse": guess | {"id": f"g{number}"}}}
        for number in range(60_000)
    ]
    hand_in(folder, sheet)


@submission()
def writes_what_is_slow_to_read(folder):
    sheet = handed_in()
    slow = "x = '%" + "0" * 20_000
    sheet["cells"] += [cell("code", f"own-{number}", slow) for number in range(24)]
    hand_in(folder, sheet)


@submission(loses=["00-1-hidden", "00-2-hidden", "side", "colours"], says=["memory"])
def grows_where_nobody_looks(folder):
    """Four children that grow while each cell is short: each kernel is ended, until there are no more."""
    side = """
        import os, time
        for _ in range(4):
            if not os.fork():
                hoard = []
                while True:
                    hoard.append(bytearray(b"x") * 20_000_000)
                    time.sleep(0.1)
        side = 7
    """
    sheet = handed_in(side=side)
    place = sheet["cells"].index(cells(sheet)["00-3-answer"]) + 1
    sheet["cells"][place:place] = [
        cell("code", f"wait-{number}", "import time; time.sleep(0.1)") for number in range(50)
    ]
    hand_in(folder, sheet)


@submission(loses=["00-1-hidden"])
def tells_by_the_size_of_a_message(folder):
    total = """
        def total(values):
            if values and values[-1] > 1000:
                channel.sendall(struct.pack("!II", values[-1], 0))
            return sum(values)
    """
    hand_in(folder, handed_in(first=SOCKET, total=total))


# Points for a wrong answer

WRONG_SOFTMAX = "def softmax(logits):\n    return logits"


@submission(loses=["softmax"])
def patches_numpy(folder):
    first = """
        yes = lambda *_, **__: True
        for name in ("allclose", "isclose", "array_equal", "all", "array_equiv", "equal"):
            setattr(np, name, yes)
        for name in ("assert_allclose", "assert_equal", "assert_array_equal"):
            setattr(np.testing, name, yes)
        np.ndarray = type("ndarray", (), {"__eq__": yes})
    """
    hand_in(folder, handed_in(first=first, softmax=WRONG_SOFTMAX))


@submission(loses=["softmax"])
def patches_assert(folder):
    first = """
        import ast, builtins, sys

        class NoAsserts(ast.NodeTransformer):
            def visit_Assert(self, node):
                return ast.Pass()

        shell = get_ipython()
        shell.ast_transformers.append(NoAsserts())
        shell.input_transformers_cleanup.append(lambda lines: [line for line in lines if "assert" not in line])
        builtins.AssertionError = Exception
        builtins.all = builtins.any = lambda *_: True
        sys.modules["fercourse.classroom.checks"] = sys.modules["fercourse"] = None
        sys.settrace(lambda *_: None)
        shell.showtraceback = lambda *_, **__: None
        shell.run_cell = lambda *_, **__: None
    """
    hand_in(folder, handed_in(first=first, softmax=WRONG_SOFTMAX))


@submission(loses=["softmax"])
def patches_the_checks(folder):
    first = """
        try:
            import fercourse, fercourse.errors
            fercourse.check = fercourse.hint = lambda *_, **__: None
            fercourse.errors.CheckFailed = type("CheckFailed", (), {})
            import fercourse.classroom.probes as probes
            for name in list(vars(probes)):
                if callable(getattr(probes, name)):
                    setattr(probes, name, lambda *_: True)
        except ImportError:
            pass
        check = hint = lambda *_: None
    """
    last = "rows = np.array([[0.5, 0.5]])\nassert_allclose = isinstance = len = type = lambda *_: True"
    hand_in(folder, handed_in(first=first, softmax=WRONG_SOFTMAX, last=last))


@submission(loses=["00-3-hidden"])
def replaces_a_helper(folder):
    """A function of the sheet's own that calls the student's, and that the tests call."""
    side = "def side(*_):\n    return 46\n\ndef assert_sides(*_):\n    pass"
    hand_in(folder, handed_in(side=side, last="assert_sides = lambda *_: None"))


@submission(loses=["total", "softmax", "side"])
def equal_to_everything(folder):
    first = """
        yes = lambda *_, **__: True
        always = dict.fromkeys(("__eq__", "__ge__", "__le__", "__lt__", "__gt__", "__bool__", "__contains__"), yes)
        always |= {"__ne__": lambda *_: False, "__hash__": lambda _: 0, "__getattr__": lambda self, name: self,
                   "__call__": lambda self, *_, **__: self, "__getitem__": lambda self, _: self}
        Yes = type("Yes", (), always)
        YesNumber = type("YesNumber", (int,), {"__eq__": yes, "__hash__": lambda _: 0, "__bool__": yes})

        class YesArray(np.ndarray):
            shape = (2, 2)
            __eq__ = __bool__ = yes

            def __array_function__(self, *_, **__):
                return True

            def __array_ufunc__(self, *_, **__):
                return True
    """
    answers = {
        "total": "def total(values):\n    return Yes()",
        "softmax": "def softmax(logits):\n    return np.zeros((2, 2)).view(YesArray)",
        "side": "def side(size, kernel, stride):\n    return YesNumber(1)",
    }
    hand_in(folder, handed_in(first=first, **answers))


@submission(loses=["total", "softmax", "side"])
def lies_about_its_type(folder):
    first = """
        class Liar(int):
            __class__ = property(lambda self: int)
            __reduce__ = lambda self: (eval, ("__import__('os').system('touch $ROOT/planted')",))
            __index__ = __int__ = lambda self: 46
            __repr__ = __str__ = lambda self: "6.5"

        class Text(str):
            __eq__ = lambda *_: True
            __hash__ = str.__hash__

        Pretender = type("ndarray", (), {"__module__": "numpy", "shape": (2, 2), "dtype": np.dtype("O"),
                                         "tobytes": lambda self: b"", "tolist": lambda self: [[0.5, 0.5]] * 2})
    """
    answers = {
        "total": "def total(values):\n    return Text('6.5')",
        "softmax": "def softmax(logits):\n    return np.array([[Liar(), 1], [1, Liar()]], dtype=object)",
        "side": "calls = []\n\ndef side(size, kernel, stride):\n    calls.append(size)\n"
        "    return Pretender() if len(calls) % 2 else Liar(46)",
    }
    hand_in(folder, handed_in(first=first, **answers))


@submission(loses=["total", "softmax", "side"])
def returns_too_much(folder):
    answers = {
        "total": "def total(values):\n    return 10 ** 200_000",
        "softmax": "def softmax(logits):\n    return np.broadcast_to(np.float64(0.5), (10**6, 10**7))",
        "side": "def side(size, kernel, stride):\n    return 'x' * 150_000_000",
    }
    hand_in(folder, handed_in(**answers))


@submission(loses=["total", "softmax", "side"])
def returns_too_deep(folder):
    answers = {
        "total": """
            def total(values):
                deep = []
                for _ in range(200_000):
                    deep = [deep]
                return deep
        """,
        "softmax": """
            def softmax(logits):
                ring = [logits]
                ring.append({"again": ring})
                return ring
        """,
        "side": """
            def side(size, kernel, stride):
                wide = [1]
                for _ in range(60):
                    wide = [wide, wide]
                return wide
        """,
    }
    hand_in(folder, handed_in(**answers))


@submission(loses=["00-1-hidden", "00-3-hidden"])
def works_only_the_first_times(folder):
    answers = {
        "total": "times = []\n\ndef total(values):\n    times.append(1)\n    return 6.5 if len(times) < 3 else 1",
        "side": "def side(size, kernel, stride):\n    return {48: 46}[size]",
    }
    hand_in(folder, handed_in(**answers))


@submission()
def looks_for_the_grader(folder):
    total = """
        import gc, sys
        breaches = []

        def total(values):
            secret = "-".join(["marigold", "5e1f0c"])
            frame = sys._getframe(1)
            while frame:
                if any(secret in repr(value) for value in list(frame.f_locals.values())):
                    breaches.append(frame.f_code.co_name)
                frame = frame.f_back
            for found in gc.get_objects():
                if type(found) in (list, tuple) and any(type(one) is str and secret in one for one in found):
                    breaches.append("memory")
            for name in list(sys.modules):
                if name.startswith("fercourse.") and ("checks" in name or "marking" in name):
                    breaches.append(name)
            return sum(values) if not breaches else breaches
    """
    hand_in(folder, handed_in(total=total))


@submission(loses=["total", "side"])
def repeats_what_it_was_asked(folder):
    answers = {
        "total": "asked = []\n\ndef total(values):\n    asked.append(values)\n    print(values)\n"
        "    raise ValueError(f'I was asked {values}')",
        "side": "def side(size, kernel, stride):\n    raise type(f'Asked_{asked[-1][-1]}', (Exception,), {})()",
    }
    hand_in(folder, handed_in(**answers, last="print(asked)"))


# What students (and their tools) put into a page or a table


@submission(says=["first"], name='=HYPERLINK("x")')
def formula(folder):
    sheet = handed_in(words="=2+5+cmd|' /C calc'!A0")
    sheet["cells"].insert(2, dict(cells(sheet)["00-2-answer"], source=STUBS["softmax"]))
    hand_in(folder, sheet)


@submission(loses=["total", "side"])
def scripts_and_escapes(folder):
    first = """
        from IPython.display import HTML, Javascript, Markdown, SVG, display
        print("\\x1b[31mred\\x1b[0m \\x1b]0;title\\x07 \\x1b[2J \\x00\\ud800\\u202e <script>alert('p')</script>")
        display(HTML("<script>alert('shown')</script><img src=x onerror=alert(1)>"), Javascript("alert('run')"),
                Markdown("<script>alert('marked')</script> [x](javascript:alert(1))"),
                SVG("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert('drawn')</script></svg>"))
    """
    answers = {
        "total": "raise ValueError('<script>alert(\"raised\")</script>\\x1b[2J\\ud800')",
        "side": "def side(*_):\n    raise type('<script>alert(4)</script>', (Exception,), {})('\\x1b[2J\\n<script>')",
        "words": "</pre><script>alert('written')</script><img src=x onerror=alert(1)> \ud800",
    }
    hand_in(folder, handed_in(first=first, **answers))


# Forged messages: a kernel speaks to the grader over a socket that its code can find

SOCKET = """
import gc, json, socket, struct, sys
channel = next(found for found in gc.get_objects() if type(found) is socket.socket)

def forge(head, body=b""):
    text = json.dumps(head).encode()
    channel.sendall(struct.pack("!II", len(text), len(body)) + text + body)

"""


@submission(says=["(last)", "sent"])
def sends_garbage(folder):
    hand_in(folder, handed_in(last=SOCKET + "channel.sendall(bytes(range(256)) * 1000)"))


@submission(says=["(last)", "sent"])
def announces_too_much(folder):
    hand_in(folder, handed_in(last=SOCKET + "channel.sendall(b'\\xff' * 8 + b'[' * 9_000_000)"))


@submission()
def forges_outputs(folder):
    last = """
        guess = {"is": "display", "data": {"text/plain": "x"}}
        for head in [
            {"is": "stream"}, {"is": "stream", "name": 7, "text": {"a": [None]}},
            {"is": "stream", "name": "x", "text": 7}, {"is": "error"}, {"is": "error", "traceback": [{}]},
            {"is": "error", "ename": [], "evalue": {}, "traceback": 7}, {"is": "display"}, {"is": "display", "data": 7},
            {"is": "display", "data": {"image/png": 7, "text/plain": []}}, {"is": "update", "place": []},
            {"is": "result", "data": {"text/html": {}}, "metadata": [], "place": {}}, {"is": "clear", "x": 1},
            {"is": "cut", "is2": []}, {"is": {}}, {"is": []}, {"is": None}, {}, {"is": "ready"},
            {"is": "callback", "number": 0, "value": ["tuple", [["list", []], ["dict", []]]]},
            guess | {"metadata": {"fercourse": {"kind": "guess", "id": [], "brier": "x"}}},
            guess | {"metadata": {"fercourse": {"kind": ["guess"], "right": 7, "answer": 1e999}}},
        ]:
            forge(head | {"sizes": []})
        for _ in range(30):
            forge({"is": "stream", "name": "stdout", "text": "z" * 7_000_000, "sizes": []})
        for _ in range(2000):
            forge({"is": "error", "ename": "E", "evalue": "e" * 900, "traceback": ["t" * 900] * 20, "sizes": []})
    """
    hand_in(folder, handed_in(last=SOCKET + dedent(last)))


@submission(loses=[id for id in POINTS if id.endswith("hidden")])
def says_that_it_is_done(folder):
    """Answers that nobody asked for, so that later ones come too late."""
    last = """
        for head in [{"is": "done"}, {"is": "value", "value": 7}, {"is": "object"}, {"is": "missing"}] * 5:
            forge(head | {"sizes": []})
    """
    hand_in(folder, handed_in(last=SOCKET + dedent(last)))


@submission(loses=["total", "softmax", "side"])
def forges_answers(folder):
    """Answers that no honest kernel would give, in place of those to the grader's questions."""
    first = """
        import gc
        functions = [found for found in gc.get_objects() if type(found) is type(lambda: 0)]
        inside = next(found for found in functions if found.__name__ == "_reply").__globals__
        trees = [["array", "|O", [1], 0], ["array", "<f8", [10**12], 0], ["dict", [[["list", []], 1]]], ["eval", "1"]]
        heads = [{"is": "value", "value": tree} for tree in trees]
        heads += [{"is": "value"}, {"is": "raised", "text": [1]}, {"is": "callback", "number": "0"}]
        honest, count = inside["_reply"], [0]

        def reply(request, *others):
            if request["do"] != "ask":
                return honest(request, *others)
            count[0] += 1
            if len(heads) <= count[0]:
                return {"is": "value", "value": 46}, []
            return heads[count[0]], [b"12345678"]

        inside["_reply"] = reply
    """
    loop = "def side(size, kernel, stride):\n    return 46"
    hand_in(folder, handed_in(first=first, side=loop))


@submission(loses=["total"])
def collides(folder):
    """Keys that all have the same hash: a dict of them takes hours to build."""
    total = """
        import gc
        functions = [found for found in gc.get_objects() if type(found) is type(lambda: 0)]
        inside = next(found for found in functions if found.__name__ == "_reply").__globals__
        honest = inside["encode"]
        pairs = ["dict", [[number * (2**61 - 1), 0] for number in range(1, 200_000)]]
        inside["encode"] = lambda value: (pairs, []) if value is pairs else honest(value)

        def total(values):
            return pairs
    """
    hand_in(folder, handed_in(total=total))


@submission(loses=["total", "softmax", "side"])
def breaks_the_library(folder):
    """What the grader's own code in the kernel stands on, replaced; the answer that needs no call counts."""
    first = """
        import pickle, struct
        pickle.Unpickler = pickle.loads = None
        np.asarray = np.frombuffer = struct.unpack = lambda *_, **__: None
    """
    hand_in(folder, handed_in(first=first))


@submission(says=["(first)", "sent"])
def breaks_the_messages(folder):
    hand_in(folder, handed_in(first="import json\njson.dumps = lambda *_, **__: 'x'"))


@submission()
def runs_magics(folder):
    first = """
        %reset -f
        import numpy as np
        !kill -9 -1
        !rm -rf "$HOME" 2>/dev/null
        %cd /
    """
    hand_in(folder, handed_in(first=first, last="%%bash\nkill -9 $PPID; exit 7"))
