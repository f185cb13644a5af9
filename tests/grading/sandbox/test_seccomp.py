"""What a student's kernel may ask of the system: the filter, call by call, and the keys of who starts the grader."""

import errno
import platform
import re
import socket
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from cells import run
from keys import COLUMN, KEYS, NUMBER, with_key

from fercourse.errors import GradingError
from fercourse.grading.sandbox import bubblewrap as sandbox
from fercourse.grading.sandbox import seccomp
from fercourse.grading.sandbox.bubblewrap import Limits, choose_sandbox
from fercourse.grading.sandbox.replay import Replay

LIMITS = Limits(cell_seconds=20, total_seconds=240, disk_mb=40)
SECRET = "marigold-5e1f0c"
NOTHING_DENIED = struct.pack("=HBBI", 0x06, 0, 0, 0x7FFF0000)
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
OTHER_CALLS = {"clone": seccomp.CLONE, "clone3": seccomp.CLONE3, "ioctl": seccomp.IOCTL, "socket": seccomp.SOCKET}


@pytest.fixture(scope="module")
def filtered():
    """A kernel that is started as the grader starts it."""
    try:
        choose_sandbox("bwrap")
    except GradingError as error:
        pytest.skip(str(error))
    session = Replay(LIMITS)
    run(session, KEYS)
    yield session
    session.close()


@pytest.fixture(scope="module")
def unfiltered(filtered):
    """One in the same sandbox, whose filter denies nothing: what the system itself would let through."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "filter_program", lambda: NOTHING_DENIED)
        session = Replay(LIMITS)
        run(session, KEYS)
        yield session
        session.close()


def verdict(program, *, architecture, number, arguments=()):
    """What the filter says to a call, by the rules of BPF: 0 where it is allowed, else the number of the error."""
    data = struct.pack("=IIQ6Q", number, architecture, 0, *arguments, *[0] * (6 - len(arguments)))
    steps, place, held = list(struct.iter_unpack("=HBBI", program)), 0, None
    while True:
        code, yes, no, value = steps[place]
        place += 1
        if code == 0x20:
            (held,) = struct.unpack_from("=I", data, value)
        elif code == 0x06:
            return value & 0xFFFF if value != 0x7FFF0000 else 0
        else:
            holds = {0x15: held == value, 0x35: held >= value, 0x45: bool(held & value)}[code]
            place += yes if holds else no


@pytest.fixture(params=["x86_64", "aarch64"])
def filter_of(request):
    """A machine, its column of numbers, and a function of a call that says what the filter does to it."""
    column, architecture = seccomp.MACHINES[request.param]
    program = seccomp.filter_program(request.param)

    def ask(number, *arguments, architecture=architecture):
        return verdict(program, architecture=architecture, number=number, arguments=arguments)

    return request.param, column, ask


def test_the_filter_denies_what_it_names_and_nothing_else(filter_of):
    _, column, ask = filter_of
    denied = {numbers[column] for numbers in seccomp.DENIED.values()} - {None}
    assert {ask(number) for number in denied} == {errno.EPERM}
    special = {numbers[column] for numbers in OTHER_CALLS.values()}
    assert {ask(number) for number in set(range(600)) - denied - special} == {0}


def test_no_other_set_of_numbers_leads_around_the_filter(filter_of):
    machine, column, ask = filter_of
    read, keyctl = (0, 63)[column], seccomp.DENIED["keyctl"][column]
    assert ask(read) == 0
    for architecture in (0x40000003, 0x40000028, 0xC00000B7, 0xC000003E, 0):  # i386, arm, aarch64, x86_64
        if architecture != seccomp.MACHINES[machine][1]:
            assert ask(read, architecture=architecture) == errno.EPERM
    if machine == "x86_64":
        assert ask(0x40000000 + keyctl) == ask(0x40000000) == ask(0xFFFFFFFF) == errno.EPERM


def test_arguments_are_judged_by_the_half_that_the_system_reads(filter_of):
    _, column, ask = filter_of
    clone, clone3, ioctl, opened = (numbers[column] for numbers in OTHER_CALLS.values())
    assert ask(clone, 17) == ask(clone, 0x3D0F00) == 0  # fork, a thread
    for namespace in (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000):
        assert ask(clone, namespace | 17) == errno.EPERM
    assert ask(clone3) == errno.ENOSYS
    assert ask(ioctl, 0, 0x5401) == 0
    for request in (0x5412, 0x541C, 0x1_0000_5412, 0xFFFF_FFFF_0000_541C):
        assert ask(ioctl, 0, request) == errno.EPERM
    for family in (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK):
        assert ask(opened, int(family)) == 0
    for family in (17, 31, 38, 40, 44):  # packet, Bluetooth, the system's ciphers, a hypervisor, XDP
        assert ask(opened, family) == errno.EAFNOSUPPORT


@pytest.mark.parametrize("machine", HEADERS)
def test_the_numbers_are_those_of_the_system(machine):
    if not HEADERS[machine].is_file():
        pytest.skip(f"{HEADERS[machine]} is not installed")
    lines = re.findall(r"#define\s+__NR_(\w+)\s+(\d+)\b", HEADERS[machine].read_text(encoding="utf-8"))
    known, column = {name: int(number) for name, number in lines}, seccomp.MACHINES[machine][0]
    ours = {name: numbers[column] for name, numbers in (seccomp.DENIED | OTHER_CALLS).items()}
    newer = {"open_tree_attr"} - set(known)
    assert {name: known.get(name) for name in ours if name not in newer} == {
        name: number for name, number in ours.items() if name not in newer
    }


def test_a_machine_whose_calls_nobody_knows_is_refused(monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(GradingError, match=r"x86_64 or aarch64.*found riscv64.*--sandbox none"):
        seccomp.filter_program()
    assert seccomp.with_own_keyring() == []
    monkeypatch.setattr(sys, "platform", "darwin")
    assert seccomp.with_own_keyring() == []


EVENT = "struct.pack('IIQQQQQ', 1, 112, 1, 0, 0, 0, 0x60) + bytes(112 - 48)"  # a clock of this process, nothing else's
ATTACKS = {
    "add_key": "b'user', b'planted', b'text', 4, -3",
    "request_key": "b'user', b'absent', None, 0",
    "keyctl": "0, -3, 0",
    "io_uring_setup": "1, bytes(120)",
    "io_uring_enter": "-1, 0, 0, 0, None, 0",
    "io_uring_register": "-1, 0, None, 0",
    "bpf": "5, None, 48",
    "userfaultfd": "1",
    "perf_event_open": f"{EVENT}, 0, -1, -1, 0",
    "ptrace": "16, 999999, 0, 0",
    "process_vm_readv": "os.getpid(), None, 0, None, 0, 0",
    "process_vm_writev": "os.getpid(), None, 0, None, 0, 0",
    "kcmp": "os.getpid(), os.getpid(), 2, 0, 0",
    "pidfd_getfd": "-1, 0, 0",
    "personality": "0xFFFFFFFF",
    "unshare": "0",
    "setns": "-1, 0",
    "open_tree": "-1, b'', 0",
    "name_to_handle_at": "-100, b'/tmp', bytes(136), bytes(8), 0",
    "fanotify_init": "0x200, 0",
    "quotactl_fd": "-1, 0, 0, None",
    "modify_ldt": "0, None, 0",
    "iopl": "0",
    "ioperm": "0, 1, 0",
}


@pytest.mark.parametrize("name", [name for name in ATTACKS if NUMBER[name] is not None])
def test_a_call_that_the_system_would_take_is_denied(filtered, unfiltered, name):
    source = f"import struct\nprint(syscall({NUMBER[name]}, {ATTACKS[name]}))"
    without = int(run(unfiltered, source))
    if without in (-errno.EPERM, -errno.ENOSYS):
        pytest.skip(f"this system refuses {name} by itself: {errno.errorcode[-without]}")
    assert int(run(filtered, source)) == -errno.EPERM


@pytest.mark.parametrize(("family", "kind"), [(38, 5), (40, 1), (31, 3), (15, 3), (30, 1), (21, 5)])
def test_there_is_no_way_out_by_another_family_of_sockets(filtered, unfiltered, family, kind):
    source = f"print(syscall({seccomp.SOCKET[COLUMN]}, {family}, {kind}, 0))"
    if int(run(unfiltered, source)) == -errno.EAFNOSUPPORT:
        pytest.skip(f"this system has no sockets of family {family}")
    assert int(run(filtered, source)) == -errno.EAFNOSUPPORT


def test_a_new_namespace_is_denied_by_the_filter_itself(filtered, unfiltered):
    source = f"print(syscall({seccomp.CLONE[COLUMN]}, 0x10000000 | 17, 0, 0, 0, 0))"
    assert int(run(unfiltered, source)) == -errno.ENOSPC  # bwrap leaves no room for one
    assert int(run(filtered, source)) == -errno.EPERM


GRADER = f"""
import sys
sys.path[:0] = [{str(Path(__file__).parents[2] / "helpers")!r}]
from keys import KEYS
from cells import run
from fercourse.grading.sandbox import bubblewrap as sandbox
from fercourse.grading.sandbox.replay import Replay

if sys.argv[1] == "unfiltered":
    sandbox.filter_program = lambda: {NOTHING_DENIED!r}
for source in sys.argv[2:]:
    session = Replay(sandbox.Limits(cell_seconds=20, total_seconds=60))
    print(run(session, KEYS), run(session, source), end="")
    session.close()
"""


def graded_with_a_key(*sources, filter="as it is"):
    """What cells, each in a sandbox of its own, print where whoever starts them has a key."""
    words = [*with_key(SECRET), sys.executable, "-c", GRADER, filter, *sources]
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=120).stdout.split("\n")[:-1]


@pytest.mark.parametrize("filter", ["as it is", "unfiltered"])
def test_the_instructors_keys_are_not_there_and_none_is_handed_on(filtered, filter):
    """With the filter no key can be asked for; without it there is only a keyring that nobody else has."""
    shown = subprocess.run(
        [*with_key(SECRET), sys.executable, "-c", f"{KEYS}\nprint(read_keys())"], capture_output=True, text=True
    ).stdout
    if SECRET not in shown:
        pytest.skip("this system has no keyrings, or lets nobody have one")
    write = "print(add_key('planted', 'by one student') > 0, add_key('planted', 'by one student', -4) > 0)"
    found = graded_with_a_key("print(read_keys())", write, "print(read_keys())", filter=filter)
    assert SECRET not in str(found)
    assert "by one student" not in found[0] + found[2]
    if filter == "as it is":
        assert found == [" (-1, [])", " False False", " (-1, [])"]


def test_proc_tells_of_no_key(filtered):
    if not Path("/proc/keys").exists():
        pytest.skip("this system lists no keys")
    source = """
for path in ("/proc/keys", "/proc/key-users"):
    try:
        print(open(path).read())
    except OSError as error:
        print(error.strerror)
"""
    assert graded_with_a_key(source) == [" Permission denied", "Permission denied"]


def test_the_sandbox_tells_nothing_of_how_it_was_made(filtered):
    source = """
import glob
words = [open(path).read().replace("\\0", " ") for path in glob.glob("/proc/*/cmdline")]
print([text for text in words if "--ro-bind" in text or "--setenv" in text or "setpriv" in text])
links = [f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd")]
print([os.readlink(path) for path in links if os.path.lexists(path) and "memfd" in os.readlink(path)])
"""
    assert run(filtered, source) == "[]\n[]\n"


HONEST = {
    "threads": """
import threading
from concurrent.futures import ThreadPoolExecutor
print(sum(ThreadPoolExecutor(4).map(abs, range(-9, 1))))""",
    "processes": """
import multiprocessing, subprocess
print(subprocess.run("echo 40; expr 5", shell=True, capture_output=True, text=True).stdout.split())
print(sum(multiprocessing.get_context("fork").Pool(2).map(abs, range(-9, 1))))""",
    "another Python": """
import subprocess, sys
print(subprocess.run([sys.executable, "-c", "import numpy; print(numpy.ones(45).sum())"],
      capture_output=True, text=True).stdout)""",
    "asyncio": """
import asyncio
process = await asyncio.create_subprocess_exec("echo", "45", stdout=asyncio.subprocess.PIPE)
print((await process.communicate())[0].decode())""",
    "torch": """
import torch
from torch.utils.data import DataLoader, TensorDataset
torch.set_num_threads(2)
loader = DataLoader(TensorDataset(torch.arange(10)), batch_size=2, num_workers=2)
print(sum(int(batch.sum()) for (batch,) in loader))""",
    "matplotlib": """
import io
import matplotlib.pyplot as plt
figure, axes = plt.subplots(layout="constrained")
axes.text(0, 0, "ä $x^2$")
figure.savefig(picture := io.BytesIO())
plt.close()
print(45 if picture.getvalue()[1:4] == b"PNG" else 0)""",
    "pandas": """
import pandas as pd
pd.DataFrame({"a": range(10)}).to_csv("a.csv")
print(pd.read_csv("a.csv").a.sum(), pd.Timestamp("2024-01-01", tz="Europe/Berlin").year)""",
    "scipy and scikit-learn": """
import numpy as np
from sklearn.neighbors import KNeighborsClassifier
model = KNeighborsClassifier(1, n_jobs=2).fit(np.eye(3), [40, 45, 50])
print(model.predict([[0, 1, 0]])[0])""",
    "shared memory and files": """
import mmap, socket, sqlite3, tempfile
from multiprocessing import shared_memory
shared = shared_memory.SharedMemory(create=True, size=100)
shared.unlink()
one, other = socket.socketpair()
one.send(b"45")
mmap.mmap(-1, 100)
print(tempfile.TemporaryFile().write(b"x"), sqlite3.connect("a.db").execute("select 45").fetchone(), other.recv(9))""",
}


@pytest.mark.parametrize("source", HONEST.values(), ids=HONEST)
def test_what_honest_notebooks_do_is_not_denied(filtered, source):
    outputs, why = filtered.run(source, seconds=60)
    assert why is None
    assert "45" in str(outputs)
    assert "Error" not in str(outputs)
    assert "stderr" not in str(outputs)


def test_tensorflow_is_not_denied(filtered):
    pytest.importorskip("tensorflow")
    source = "import tensorflow as tf\nprint(int(tf.reduce_sum(tf.linalg.matmul(tf.ones((9, 5)), tf.ones((5, 1))))))"
    assert run(filtered, source, seconds=120).splitlines()[-1] == "45"
