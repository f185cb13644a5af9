"""A class with every hostile submission in one batch: each gets its row, and none reaches beyond its own sandbox."""

import csv
import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hostile import PROBE, SUBMISSIONS
from hostile_files import SHUT
from keys import with_key
from toy_sheet import BY_HAND, HIDDEN_NUMBER, POINTS, SECRET, solution, write

from fercourse.grading.text import one_line

LIMITS = ("--cell-seconds", "2", "--total-seconds", "20", "--memory-mb", "600", "--disk-mb", "100")
NAMES_AS_NOBODY = (
    "aa_ada", "endless_loop", "fork_bomb", "leaves_processes_behind", "reads_everything", "writes_everywhere",
    "has_no_powers", "a_keyring_writer", "zz_keyring_reader", "asks_the_system_for_more",
)  # fmt: skip
AS_NOBODY = [submission for submission in SUBMISSIONS if submission.name in NAMES_AS_NOBODY] + [SHUT]
NOBODY = 65534
BECOME_SUBREAPER = 36  # prctl's PR_SET_CHILD_SUBREAPER


@dataclass(frozen=True)
class Batch:
    """A graded class: where it lies, what the command said, its rows by student, and what it did besides."""

    root: Path
    finished: subprocess.CompletedProcess
    rows: dict
    changed: set  # paths outside of marks/
    left: list  # processes that outlived the command
    visitors: int  # connections that a kernel made to this process


@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    """The whole list, graded by two workers."""
    return graded(tmp_path_factory.mktemp("class"), SUBMISSIONS)


@pytest.fixture(scope="module")
def batch_as_nobody(tmp_path_factory):
    """A smaller list, graded by an ordinary user; skips where root cannot become one."""
    root = tmp_path_factory.mktemp("class_of_nobody")
    return graded(root, AS_NOBODY, as_nobody=True)


def graded(root, submissions, *, as_nobody=False):
    """Write these submissions into `root`, grade them, and see what else happened."""
    prove_the_sandbox(root / "probe", as_nobody=as_nobody)
    write_class(root, submissions)
    prefix = words_of_nobody(root) if as_nobody else []
    before = fingerprints(root)
    with listening(f"\0{root}") as visitors, orphans() as left:
        finished = grade(root, *LIMITS, prefix=prefix, HOME=str(root / "home"))
    changed = {path for path, _ in before.items() ^ fingerprints(root).items()}
    return Batch(root, finished, rows_of(root), changed, left, sum(visitors))


def prove_the_sandbox(root, *, as_nobody):
    """Fail where a harmless notebook finds itself outside of a sandbox: then nothing hostile is run at all."""
    if shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")
    write_class(root, [PROBE])
    finished = grade(root, prefix=words_of_nobody(root) if as_nobody else [], HOME=str(root / "home"))
    assert finished.returncode == 0, finished.stderr
    cells = rows_of(root)[PROBE.name]["cells"]
    assert {id: cell["points"] for id, cell in cells.items()} == PROBE.points, cells["00-4-check"]["why"]


def write_class(root, submissions):
    """A course with the solved sheet, the submissions, and places for marks and for temporary files."""
    write(root / "course" / "solutions" / "00_toy.ipynb", solution())
    for name in ("submissions", "marks", "tmp", "home"):
        (root / name).mkdir()
    for submission in submissions:
        submission.write(root / "submissions" / submission.name)


def grade(root, *options, prefix=(), **environment):
    """Run the command on the class in `root`, with a secret in its environment and one in the session's keyring."""
    words = [*with_key(SECRET), *prefix, sys.executable, "-m", "fercourse", "grade", root / "submissions"]
    words += ["--out", root / "marks"]
    words += ["--solution", root / "course" / "solutions" / "00_toy.ipynb", "--jobs", "2", *options]
    environment = os.environ | {"TMPDIR": str(root / "tmp"), "FERCOURSE_KEY": SECRET} | environment
    return subprocess.run(words, env=environment, capture_output=True, text=True, timeout=300)


def rows_of(root):
    """The rows of marks.json by the student's name."""
    rows = json.loads((root / "marks" / "marks.json").read_text(encoding="utf-8"))["students"]
    return {row["student"]: row for row in rows}


def fingerprints(root):
    """What lies in `root` besides the marks: path → mode, time and content."""
    found = {}
    for path in sorted(root.rglob("*")):
        if (root / "marks") in (path, *path.parents):
            continue
        about = path.lstat()
        content = path.readlink() if path.is_symlink() else path.read_bytes() if path.is_file() else b""
        digest = sha256(os.fsencode(content)).hexdigest()
        found[str(path.relative_to(root))] = (about.st_mode, path.is_file() and about.st_mtime_ns, digest)
    return found


@contextmanager
def listening(address):
    """Listen on an abstract Unix socket; yields a list that at the end holds True for each connection."""
    visitors = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        yield visitors
        listener.setblocking(False)
        while True:
            try:
                listener.accept()[0].close()
            except BlockingIOError:
                return
            visitors.append(True)


@contextmanager
def orphans():
    """Inherit the orphans of this process's descendants; yields a list that at the end names those that still run."""
    before, left = children(), []
    ctypes.CDLL(None).prctl(BECOME_SUBREAPER, 1)
    try:
        yield left
    finally:
        ctypes.CDLL(None).prctl(BECOME_SUBREAPER, 0)
        for pid in children() - before:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            left += [words] if words.strip() else []  # one that has ended has no words
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def children():
    """The processes whose parent is this one."""
    return {int(pid) for path in Path("/proc/self/task").glob("*/children") for pid in path.read_text().split()}


def words_of_nobody(root):
    """The words in front of a command that run it as an ordinary user, who can reach the interpreter and `root`."""
    if os.geteuid() != 0:
        pytest.skip("only root becomes another user; the other tests run as this ordinary one already")
    for path in (root, *root.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    here = Path(__file__).resolve().parents[2]
    shown = [(path, "--ro-bind") for path in (Path(sys.base_prefix).resolve(), Path(sys.prefix), here)]
    shown.append((root, "--bind"))
    above = {folder for path, _ in shown for folder in path.parents}
    shut = {folder for folder in above if not folder.stat().st_mode & 1}
    words = ["bwrap", "--die-with-parent", "--ro-bind", "/", "/"]
    words += [word for folder in ("/dev", "/proc") for word in ("--dev-bind", folder, folder)]
    for folder in sorted(above):
        inside = shut & {folder, *folder.parents}
        words += ["--tmpfs", folder] if inside == {folder} else ["--perms", "0755", "--dir", folder] if inside else []
    words += [word for path, how in shown for word in (how, path, path)]
    words += ["--", "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    tried = subprocess.run([*words, sys.executable, "-c", "import fercourse"], capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"no ordinary user can be played here: {tried.stderr.strip().splitlines()[-1:]}")
    return words


def named(submission, batch):
    """The student's name in the tables: two that look alike have their keys behind them."""
    name = one_line(submission.name)
    return next((row for row in batch.rows if row.startswith(f"{name} (")), name)


def assert_row(batch, submission):
    """The student has the row that the list names: points of each cell, status, reasons."""
    row = batch.rows[named(submission, batch)]
    told = "\n".join([*row["remarks"], *(f"{id}: {cell['why']}" for id, cell in row["cells"].items())]).lower()
    points = {id: cell["points"] for id, cell in row["cells"].items()}
    assert (row["status"], points) == (submission.status, submission.points), told
    assert [word for word in submission.says if word not in told] == [], told
    assert all(row["cells"][id]["why"] for id, reached in points.items() if reached == 0), told


@pytest.mark.parametrize("submission", SUBMISSIONS, ids=lambda submission: submission.name)
def test_a_hostile_submission_gets_the_row_that_it_deserves(batch, submission):
    assert_row(batch, submission)


def test_every_student_has_exactly_one_row_and_one_page(batch):
    assert batch.finished.returncode == 0, batch.finished.stderr
    assert sorted(batch.rows) == sorted(named(submission, batch) for submission in SUBMISSIONS)
    keys = {row["key"] for row in batch.rows.values()}
    pages = {path.stem for path in (batch.root / "marks" / "feedback").glob("*.html")}
    assert len(keys) == len(SUBMISSIONS)
    assert keys == pages


def test_no_submission_reaches_beyond_its_sandbox(batch):
    assert batch.changed == set()
    assert batch.left == []
    assert batch.visitors == 0


def test_nothing_that_is_secret_reaches_a_student(batch):
    for path in (batch.root / "marks").rglob("*"):
        if path.name == "rubric.html":  # for those who mark; no page links to it
            continue
        content = path.read_bytes() if path.is_file() else b""
        assert b"rubric.html" not in content or path.name == "report.html", path
        assert SECRET.encode() not in content, path
        assert str(HIDDEN_NUMBER).encode() not in content, path
        assert f"{HIDDEN_NUMBER:,}".encode() not in content, path
    assert SECRET not in batch.finished.stdout + batch.finished.stderr


class Dangerous(HTMLParser):
    """Collects what a browser would run or load."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag in ("script", "iframe", "object", "embed", "link", "base", "form"):
            self.found.append(tag)
        self.found += [name for name in values if name.startswith("on")]
        for name in ("href", "src", "action"):
            if not str(values.get(name, "#")).startswith(("#", "data:image/", "feedback/")):
                self.found.append(f"{name}={values[name]}")


def test_no_page_runs_or_loads_anything(batch):
    for path in (batch.root / "marks").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        page = Dangerous()
        page.feed(text)
        assert page.found == [], path
        assert not [letter for letter in text if letter < " " and letter not in "\n\t"], path


def test_what_a_test_makes_a_function_print_is_not_shown(batch):
    page = batch.root / "marks" / "feedback" / "prints_a_lot_when_called.html"
    assert page.read_text(encoding="utf-8").count("a line that nobody reads") == 1  # in the source


def test_no_student_fills_the_disk_with_what_is_kept_of_them(batch):
    sizes = {path: path.stat().st_size for path in (batch.root / "marks").rglob("*") if path.is_file()}
    assert {path: size for path, size in sizes.items() if size > 32_000_000} == {}
    assert {path: size for path, size in sizes.items() if path.suffix == ".html" and size > 12_000_000} == {}


def tables(batch):
    """(path, the cells) of each table of marks."""
    for path in (batch.root / "marks").glob("*.csv"):
        with open(path, encoding="utf-8-sig", newline="") as file:
            yield path, [cell for row in csv.reader(file) for cell in row]


def test_no_cell_of_a_table_is_a_formula(batch):
    for path, cells in tables(batch):
        assert [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))] == [], path


def test_no_student_makes_a_table_or_the_report_too_large_to_open(batch):
    for path, cells in tables(batch):
        assert max(map(len, cells)) < 10_000, path  # Excel holds 32,767 characters
    assert (batch.root / "marks" / "report.html").stat().st_size < 1_000_000


@pytest.mark.parametrize("submission", AS_NOBODY, ids=lambda submission: submission.name)
def test_an_ordinary_user_grades_as_safely(batch_as_nobody, submission):
    assert_row(batch_as_nobody, submission)
    assert batch_as_nobody.changed == set()
    assert batch_as_nobody.left == []


def test_without_a_sandbox_nothing_runs_unless_told_so(tmp_path):
    write_class(tmp_path, [one for one in SUBMISSIONS if one.name == "aa_ada"])
    path = str(Path(sys.executable).parent)  # where there is no bwrap
    refused = grade(tmp_path, PATH=path)
    assert refused.returncode == 1
    assert "bwrap" in refused.stderr
    assert "--sandbox none" in refused.stderr
    assert list((tmp_path / "marks").iterdir()) == []
    finished = grade(tmp_path, "--sandbox", "none", PATH=path)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert rows_of(tmp_path)["aa_ada"]["total"] == sum(POINTS.values())
    assert rows_of(tmp_path)["aa_ada"]["by_hand"] == list(BY_HAND)
    assert "none: the students" in (tmp_path / "marks" / "report.html").read_text(encoding="utf-8")
