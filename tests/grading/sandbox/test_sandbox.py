"""The kernel of a student: what it may use up, what it sees, and that nothing of it stays."""

import os
import resource
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cells import run

from fercourse.errors import GradingError
from fercourse.grading.sandbox import bubblewrap as sandbox
from fercourse.grading.sandbox.bubblewrap import Limits, choose_sandbox
from fercourse.grading.sandbox.replay import MOST_RESTARTS, Replay

LIMITS = Limits(cell_seconds=2, total_seconds=30, memory_mb=500, disk_mb=40, output_kb=20)


@pytest.fixture(scope="module")
def sandboxed():
    """Skips where there is no sandbox."""
    try:
        choose_sandbox("bwrap")
    except GradingError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def shared(sandboxed):
    """One kernel for the tests that leave it as it was."""
    session = Replay(Limits(cell_seconds=10, total_seconds=120, memory_mb=500, disk_mb=40, output_kb=20))
    yield session
    session.close()


@pytest.fixture
def session(sandboxed):
    session = Replay(LIMITS)
    yield session
    session.close()


def test_a_cell_runs_as_in_jupyter(shared):
    assert run(shared, "x = 6 * 7\nprint(x)\nx") == "42\n\n42"
    assert run(shared, "import asyncio\nawait asyncio.sleep(0)\n%who int") == "x\t \n"
    assert run(shared, "display('a', 'b')") == "'a'\n'b'"
    assert run(shared, "x = 1 / 0") == "ZeroDivisionError: division by zero"
    assert run(shared, "x") == "42"
    assert "invalid syntax" in run(shared, "x = = 1")


def test_a_figure_is_shown_as_a_picture(shared):
    outputs, why = shared.run("import matplotlib.pyplot as plt\nplt.plot([1, 2]);", seconds=60)
    assert why is None
    assert {"image/png", "text/plain"} == outputs[-1]["data"].keys()
    assert outputs[-1]["data"]["image/png"].startswith("iVBOR")


def test_a_cell_that_takes_too_long_is_stopped_and_what_was_before_is_still_there(session):
    run(session, "x = 1")
    assert run(session, "print('so far', flush=True)\nwhile True: pass") == "it ran longer than the 2 s that it may"
    assert run(session, "x") == "1"
    assert session.timed_out


def test_a_cell_that_swallows_interrupts_is_stopped_as_well(session):
    loop = "while True:\n    try:\n        while True: pass\n    except BaseException: pass"
    assert "longer" in run(session, loop)


@pytest.mark.parametrize(
    "death",
    [
        "import os; os._exit(0)",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "import os; os.closerange(3, 1000)",
        "import ctypes; ctypes.string_at(0)",
    ],
)
def test_a_cell_that_kills_the_kernel_loses_only_itself(session, death):
    run(session, "x = 1")
    assert "the kernel died" in run(session, f"x = 2\n{death}")
    assert run(session, "x") == "1"
    assert not session.timed_out


def test_the_kernel_is_started_again_only_a_few_times(session):
    found = [run(session, "import os; os._exit(0)") for _ in range(MOST_RESTARTS + 3)]
    assert all("died" in why for why in found[: MOST_RESTARTS + 1])
    assert "was lost 6 times" in found[-1]


def test_the_whole_notebook_has_a_limit_too(sandboxed):
    session = Replay(Limits(cell_seconds=2, total_seconds=3))
    try:
        assert "2 s" in run(session, "import time; time.sleep(60)")
        assert "the notebook ran longer than the 3 s" in run(session, "import time; time.sleep(60)")
        assert "the notebook ran longer than the 3 s" in run(session, "1")
        assert session.timed_out
    finally:
        session.close()


def test_a_memory_bomb_is_an_error_in_its_cell(shared):
    assert run(shared, "x = bytearray(2**34)") == "MemoryError: "
    assert run(shared, "len(bytearray(2**20))") == "1048576"


def test_processes_that_use_too_much_together_end_the_kernel(session):
    bomb = """
import os, time
for _ in range(6):
    if os.fork() == 0:
        held = bytearray(os.urandom(1)) * 200_000_000
        time.sleep(60)
time.sleep(60)
"""
    assert "more memory than 500 MB" in run(session, bomb, seconds=15)


def test_memory_that_grows_in_short_cells_is_seen_as_well(session):
    growing = """
import os, time
for _ in range(4):
    if os.fork() == 0:
        held = []
        while True:
            held.append(bytearray(os.urandom(1)) * 10_000_000)
            time.sleep(0.1)
"""
    whys = [run(session, growing), *(run(session, "import time; time.sleep(0.1)") for _ in range(60))]
    assert "the kernel used more memory than 500 MB and was ended" in whys


def test_shared_memory_counts_as_memory(session):
    bomb = """
import mmap, time
held = mmap.mmap(-1, 2**33)
for place in range(0, 2**33, 4096):
    held[place] = 1
"""
    assert "more memory than 500 MB" in run(session, bomb, seconds=15)


def test_a_fork_bomb_comes_to_an_end(session):
    bomb = """
import os, time
started = 0
try:
    while started < 5000:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        started += 1
except OSError:
    pass
print(0 < started < 200)
"""
    assert run(session, bomb, seconds=15) == "True\n"


def test_the_disk_has_a_size(shared):
    filling = """
written = 0
for place in (".", "/tmp", "/dev/shm", "/dev", "/", "/var/tmp"):
    try:
        for number in range(20):
            with open(f"{place}/{place.count('/')}{number}", "wb", buffering=0) as file:
                written += file.write(bytes(10_000_000))
    except OSError:
        pass
print(20_000_000 < written < 80_000_000)
"""
    assert run(shared, filling) == "True\n"


def test_a_flood_of_output_is_cut_and_the_grader_keeps_its_size(session):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for flood in ("for n in range(10**6): print(n)", "print('x' * 10**8)", "'x' * 10**7", "display('x' * 10**7)"):
        outputs, why = session.run(flood, seconds=15)
        assert why is None
        assert sum(len(str(output)) for output in outputs) < 25_000
        assert "Cut here" in outputs[-1]["text"], flood
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000  # kB


@pytest.mark.parametrize(
    "flood", ["print('x' * 30_000)", "for n in range(9999): print(n)", "import sys; sys.stderr.write('x' * 10**6)"]
)
def test_what_a_cell_prints_leaves_room_for_its_result(session, flood):
    outputs, why = session.run(f"{flood}\ndisplay('shown')\n40 + 1", seconds=15)
    assert why is None
    shown = [output["data"]["text/plain"] for output in outputs if "data" in output]
    assert shown == ["'shown'", "41"]
    assert "Cut here" in outputs[-1]["text"]


def test_what_a_cell_displays_leaves_its_prints_what_is_left(session):
    outputs, _ = session.run("display('y' * 17_000)\nprint('x' * 2_000)", seconds=15)
    assert outputs[-1]["text"] == "x" * 2_000 + "\n"


def test_a_flood_past_the_kernels_own_cutting_is_cut_by_the_grader(session):
    flood = """
import gc
from fercourse.grading.inside.serve import Channel
from fercourse.grading.inside.wire import packed
[channel] = [found for found in gc.get_objects() if type(found).__name__ == "Channel"]
picture = {"is": "display", "data": {"image/png": "x" * 10**6, "text/html": "y"}, "metadata": {}, "place": ""}
for _ in range(100):
    channel.send({"is": "stream", "name": "stdout", "text": "z" * 10**6})
    channel.send(picture)
    channel.send({"is": "error", "ename": ["a"], "evalue": 3, "traceback": [1] * 10**4})
for head in ({"is": "stream", "name": 3, "text": 4}, {"is": [1]}, {"is": "display", "data": {"text/html": 7}}, {}):
    channel.send(head)
"""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outputs, why = session.run(flood, seconds=30)
    assert why is None
    assert len(outputs) <= 102
    assert sum(len(output.get("data", {}).get("image/png", "")) for output in outputs) <= 20_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


def test_garbage_on_the_wire_ends_the_kernel(session):
    garbage = """
import gc, socket
[wire] = [found for found in gc.get_objects() if isinstance(found, socket.socket) and found.family == socket.AF_UNIX]
wire.sendall(bytes(range(255, 0, -1)) * 100)
"""
    assert run(session, garbage) == "the kernel sent what is no message and was ended"
    assert run(session, "1") == "1"


def test_nothing_that_a_broken_message_holds_is_told(session):
    """Its size could be any number that only a hidden test knows."""
    broken = """
import gc, socket, struct
[wire] = [found for found in gc.get_objects() if isinstance(found, socket.socket) and found.family == socket.AF_UNIX]
wire.sendall({bytes})
"""
    sent = (
        "struct.pack('!II', 8_675_309, 0)",
        "struct.pack('!II', 2, 50_000_001)",
        "struct.pack('!II', 3, 0) + b'{]7'",
    )
    whys = {run(session, broken.format(bytes=bytes)) for bytes in (*sent, "struct.pack('!II', 2, 3) + b'{}777'")}
    assert whys == {"the kernel sent what is no message and was ended"}


def test_nobody_types_and_leaving_is_only_an_error(shared):
    assert "nobody is there" in run(shared, "name = input('Who? ')")
    assert run(shared, "import sys; sys.exit(3)") == "SystemExit: 3"
    assert run(shared, "exit()") == ""
    assert run(shared, "raise KeyboardInterrupt") == "KeyboardInterrupt: "
    assert run(shared, "1") == "1"


def test_a_thread_that_goes_on_printing_disturbs_nobody(session):
    thread = """
import threading, time
def talk():
    while True:
        print("still here")
        time.sleep(0.001)  # without it the cell has no time or no room left, by chance
threading.Thread(target=talk, daemon=True).start()
"""
    run(session, thread)
    assert "41" in run(session, "40 + 1")


def test_a_forked_child_that_comes_to_the_end_of_a_cell_answers_nothing(shared):
    assert "parent" in run(shared, "import os\nprint('child' if os.fork() == 0 else 'parent')")
    assert [run(shared, str(number)) for number in range(5)] == list("01234")


def test_no_process_outlives_the_session(sandboxed):
    session = Replay(LIMITS)
    mark = f"{os.getpid()}.5"
    left = f"import subprocess; subprocess.Popen(['setsid', 'sleep', '{mark}'], start_new_session=True)"
    try:
        run(session, left)
        assert soon(lambda: sleeping(mark))
    finally:
        session.close()
    assert soon(lambda: not sleeping(mark))


def test_no_process_outlives_a_grader_that_is_killed(sandboxed):
    mark = f"{os.getpid()}.75"
    program = f"""
import os, signal, threading, time
from fercourse.grading.sandbox.replay import Replay
from fercourse.grading.sandbox.bubblewrap import Limits
threading.Timer(8, os.kill, [os.getpid(), signal.SIGKILL]).start()
Replay(Limits()).run("import subprocess; subprocess.Popen(['sleep', '{mark}'])\\nwhile True: pass", seconds=60)
"""
    grader = subprocess.Popen([sys.executable, "-c", program])
    assert soon(lambda: sleeping(mark))
    assert grader.wait(timeout=30) == -9
    assert soon(lambda: not sleeping(mark))


def soon(holds, seconds=10):
    """Whether it holds within so many seconds; a busy machine starts and ends processes late."""
    until = time.monotonic() + seconds
    while not (held := holds()) and time.monotonic() < until:
        time.sleep(0.05)
    return held


def sleeping(mark):
    return subprocess.run(["pgrep", "-f", f"^sleep {mark}"], capture_output=True, check=False).returncode == 0


def test_there_is_no_network(shared):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert "refused" in run(shared, f"import socket; socket.create_connection(('127.0.0.1', {port}), 1)")
        server.settimeout(0.1)
        with pytest.raises(TimeoutError):
            server.accept()
    assert "unreachable" in run(shared, "socket.create_connection(('192.0.2.1', 80), 1)")


def test_the_kernel_has_no_rights_and_sees_little(shared, tmp_path):
    (tmp_path / "solution.ipynb").write_text("secret", encoding="utf-8")
    source = f"""
import os, pathlib, sys
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
seen = {{
    "root": os.getuid() == 0 or os.geteuid() == 0,
    "capabilities": int(status["CapEff"], 16) + int(status["CapPrm"], 16) + int(status["CapBnd"], 16),
    "may become more": status["NoNewPrivs"].strip() != "1",
    "solution": os.path.exists({str(tmp_path)!r}),
    "course": os.path.exists({str(Path(__file__))!r}),
    "environment": [name for name in os.environ if name.startswith(("GRADER", "SSH", "AWS"))],
    "processes": len([name for name in os.listdir("/proc") if name.isdigit()]) > 6,
    "passwords": os.path.exists("/etc/shadow") or os.path.exists("/etc/passwd"),
}}
for path in ("/x", "/dev/x", "/usr/x", sys.prefix + "/x", os.path.dirname(os.__file__) + "/x"):
    try:
        open(path, "w")
        seen[path] = "was written"
    except OSError:
        pass
print({{name: found for name, found in seen.items() if found}})
"""
    os.environ["GRADER_SECRET"] = "secret"
    try:
        seen = run(shared, source)
    finally:
        del os.environ["GRADER_SECRET"]
    assert seen == "{}\n"


def test_a_new_user_namespace_gives_nothing(shared):
    assert run(shared, "import subprocess; subprocess.run(['unshare', '-Ur', 'true']).returncode") == "1"


def test_the_checks_the_hints_and_the_grader_are_hidden(shared):
    source = """
import os, fercourse
package = os.path.dirname(fercourse.__file__)
found = sorted(os.listdir(f"{package}/grading")), os.listdir(f"{package}/classroom/checks")
try:
    open(f"{package}/classroom/hints.json").read()
except OSError as error:
    print(found)
"""
    shown = sorted(sandbox.SHOWN_AGAIN)
    assert run(shared, source) == f"({shown!r}, [])\n"
    assert "No module named" in run(shared, "import fercourse.classroom.checks.shared.compare")
    assert run(shared, "from fercourse.classroom import probes") == ""


def test_no_other_copy_of_the_package_can_be_read(sandboxed, monkeypatch, tmp_path):
    """As `pip install .` makes one, while the command is run in the checkout; or one of another Python."""
    tmp_path.chmod(0o755)
    packages = tmp_path / "lib" / "python3.9" / "site-packages"
    for copy in (packages / "fercourse", tmp_path / "elsewhere" / "fercourse"):
        (copy / "classroom").mkdir(parents=True)
        (copy / "classroom" / "hints.json").write_text("secret", encoding="utf-8")
    (packages / "other.py").write_text("", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path / "elsewhere")
    roots = sandbox._roots()
    monkeypatch.setattr(sandbox, "_roots", lambda: [*roots, tmp_path])
    session = Replay(Limits())
    try:
        found = "import os, fercourse\n[len(files) for _, _, files in os.walk({!r})]"
        assert run(session, found.format(str(packages))) == "[1, 0]"
        assert run(session, found.format(str(tmp_path / "elsewhere"))) == "[0, 0]"
        assert run(session, f"fercourse.__file__ == {str(sandbox.PACKAGE / '__init__.py')!r}") == "True"
    finally:
        session.close()


def test_without_bubblewrap_the_grader_refuses_and_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GradingError, match=r"bwrap is not installed.*apt install bubblewrap.*--sandbox none"):
        choose_sandbox("auto")
    assert choose_sandbox("none") == "none"


def stand_in(monkeypatch, folder, script):
    """Put a program in the place of bwrap and of what it is started by."""
    for name in ("bwrap", "prlimit", "setpriv"):
        (folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


@pytest.mark.parametrize(
    ("said", "cure"),
    [
        ("bwrap: setting up uid map: Permission denied", "extra-profiles/bwrap-userns-restrict"),
        ("bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted", "sudo systemctl reload apparmor"),
        ("bwrap: loopback: Failed RTM_NEWLINK: Operation not permitted", "apparmor-profiles"),
        ("bwrap: Unknown option --disable-userns", "build bubblewrap from its sources"),
        ("bwrap: --size is not permitted in setuid mode", "build bubblewrap from its sources"),
        ("bwrap: No permissions to create new namespace, likely because", "kernel.unprivileged_userns_clone=1"),
        ("bwrap: Creating new namespace failed: No space left on device", "user.max_user_namespaces"),
        ("bwrap: Can't mount proc on /newroot/proc: Operation not permitted", "seccomp=unconfined"),
        ("bwrap: setting up uid map: Operation not permitted", "in a container"),
        ("bwrap: prctl(PR_SET_SECCOMP): Invalid argument", "CONFIG_SECCOMP_FILTER"),
        ("bwrap: execvp python: No such file or directory", "Install bubblewrap 0.8"),
        ("", "Install bubblewrap 0.8"),
    ],
)
def test_a_sandbox_that_does_not_work_is_noticed_and_the_message_names_the_cure(monkeypatch, tmp_path, said, cure):
    stand_in(monkeypatch, tmp_path, f'echo first >&2; echo "{said}" >&2; exit 1')
    with pytest.raises(GradingError) as error:
        choose_sandbox("auto")
    assert said in str(error.value)
    assert cure in str(error.value)
    assert str(error.value).endswith("or, if you trust every submission as your own code, pass --sandbox none.")


@pytest.mark.parametrize(
    ("version", "is_old"),
    {"0.4.1": True, "0.6.1": True, "0.7.0": True, "0.8.0": False, "0.11.0": False, "1.0": False, "": False}.items(),
)
def test_a_bubblewrap_that_is_too_old_is_named_with_what_to_install(monkeypatch, tmp_path, version, is_old):
    stand_in(
        monkeypatch, tmp_path, f'[ "$1" = --version ] && echo "bubblewrap {version}" && exit; echo tried >&2; exit 1'
    )
    with pytest.raises(GradingError, match=r"Ubuntu 22\.04.*sources" if is_old else "failed: tried"):
        choose_sandbox("bwrap")


def test_a_sandbox_that_never_begins_is_given_up(monkeypatch, tmp_path):
    stand_in(monkeypatch, tmp_path, '[ "$1" = --version ] || exec sleep 30')
    monkeypatch.setattr(sandbox, "TRIAL_SECONDS", 0.5)
    with pytest.raises(GradingError, match="it ended with -9"):
        choose_sandbox("bwrap")


def test_a_solution_that_the_sandbox_would_show_is_refused(sandboxed, tmp_path):
    assert choose_sandbox("auto", hidden=[tmp_path]) == "bwrap"
    with pytest.raises(GradingError, match="move it somewhere else"):
        choose_sandbox("auto", hidden=[f"{sys.prefix}/solutions/03.ipynb"])
    with pytest.raises(GradingError, match="found 'docker'"):
        choose_sandbox("docker")


def test_without_a_sandbox_the_limits_that_need_none_still_hold():
    session = Replay(Limits(cell_seconds=2, total_seconds=20, memory_mb=500, sandbox="none"))
    try:
        assert run(session, "x = 1\nimport os; os.getcwd() == os.environ['HOME']") == "True"
        assert run(session, "os.getcwd()") == "'…'"
        assert "longer" in run(session, "while True: pass")
        assert run(session, "x") == "1"
        assert run(session, "bytearray(2**34)") == "MemoryError: "
    finally:
        session.close()
