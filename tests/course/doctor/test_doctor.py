"""The doctor: each fault is planted, and named with its remedy; where there is none, it says so and ends with 0."""

import io
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import namedtuple
from pathlib import Path

import pytest
import torch

from fercourse import processor, shortage
from fercourse.__main__ import main
from fercourse.course.doctor import examine, files, first, machine, packages, surroundings
from fercourse.course.doctor.diagnosis import Diagnosis
from fercourse.data.layouts.convert import convert

COURSE = Path(__file__).parents[3]
PROJECT = (
    '[project]\ndependencies = {base}\n[project.optional-dependencies]\n{extras}\n[project.urls]\nRepository = "r"\n'
)
Disk = namedtuple("Disk", "total used free")
FREE_DISK, FREE_MEMORY = shortage.free_disk, shortage.free_memory


def project(root, *base, **extras):
    """pyproject.toml of a toy course that needs these packages."""
    lines = "\n".join(f"{name} = {json.dumps(wanted)}" for name, wanted in extras.items())
    (root / "pyproject.toml").write_text(PROJECT.format(base=json.dumps(base), extras=lines))


@pytest.fixture
def root(tmp_path, monkeypatch):
    """The folder of a course on a healthy machine, in which somebody works."""
    root = tmp_path / "my course, 3. Jahr, Übung"
    for folder in ("lessons", "notebooks", "exercises", "data"):
        (root / folder).mkdir(parents=True)
    (root / "lessons" / "01_toy.py").write_text("")
    project(root, "numpy>=2.0")
    torch_here = tmp_path / "site" / "torch"
    torch_here.mkdir(parents=True)
    (torch_here / "__init__.py").write_text("")
    (torch_here / "version.py").write_text("cuda: Optional[str] = None\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site"), *sys.path])
    monkeypatch.setattr(machine, "NVIDIA", tmp_path / "no driver")
    monkeypatch.setattr(machine.shutil, "which", lambda name: None)
    monkeypatch.setattr(machine, "PORT", free_port())
    monkeypatch.setattr(shortage, "free_memory", lambda: 8_000_000_000)
    monkeypatch.setattr(shortage, "free_disk", lambda folder: 8_000_000_000)
    for name in ("OMP_NUM_THREADS", "OMP_WAIT_POLICY", "FERCOURSE_SCALE", "FERCOURSE_HEADLESS", "COLAB_RELEASE_TAG"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY", "FERCOURSE_DATA"):
        monkeypatch.delenv(name, raising=False)
    for name in ("IPYTHONDIR", "JUPYTER_DATA_DIR", "JUPYTER_PATH"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.chdir(root)
    return root


def free_port():
    with socket.socket() as asking:
        asking.bind(("127.0.0.1", 0))
        return asking.getsockname()[1]


def kernel(folder, name, program):
    place = folder / "kernels" / name
    place.mkdir(parents=True)
    argv = [str(program), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (place / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": name, "language": "python"}))


def an_old_python(root, plant):
    plant.setattr(sys, "version_info", (3, 9, 18, "final", 0))


def a_python_of_32_bits(root, plant):
    plant.setattr(sys, "maxsize", 2**31 - 1)


def a_file_named_torch(root, plant):
    (root / "notebooks" / "torch.py").write_text("")


def a_file_named_random(root, plant):
    (root / "random.py").write_text("")


def a_python_without_the_course(root, plant):
    def version(name):
        raise packages.PackageNotFoundError(name)

    plant.setattr(packages, "version", version)


def another_copy_of_the_course(root, plant):
    (root / "fercourse").mkdir()


def a_missing_package(root, plant):
    project(root, "numpy>=2.0", "no-such-package-of-ours>=1")


def a_missing_extra(root, plant):
    project(root, "numpy>=2.0", tf=["no-such-tensorflow>=2.20", "keras>=3; platform_system == 'Plan 9'"])


def a_package_that_is_too_old(root, plant):
    project(root, "numpy>=99")


def another_version_than_the_tested(root, plant):
    (root / "constraints.txt").write_text("# tested\nnumpy==0.0.1\nnot-installed==1\n")


def a_full_disk(root, plant):
    plant.setattr(shortage, "free_disk", FREE_DISK)
    plant.setattr(shortage.shutil, "disk_usage", lambda folder: Disk(9_000_000_000, 7_700_000_000, 1_300_000_000))


def a_full_memory(root, plant):
    (root.parent / "meminfo").write_text("MemTotal: 8000000 kB\nMemAvailable:    1000000 kB\n")
    plant.setattr(shortage, "free_memory", FREE_MEMORY)
    plant.setattr(shortage, "MEMORY", root.parent / "meminfo")
    plant.setattr(processor, "MEMBERSHIP", root.parent / "none")


def a_container_with_little_memory(root, plant):
    (root.parent / "hub" / "anna").mkdir(parents=True)
    (root.parent / "membership").write_text("0::/hub/anna\n")
    counts = {"memory.max": "1500000000", "memory.current": "900000000", "memory.stat": "inactive_file 100000000"}
    for name, text in counts.items():
        (root.parent / "hub" / name).write_text(text + "\n")
    plant.setattr(shortage, "free_memory", FREE_MEMORY)
    plant.setattr(processor, "CGROUPS", root.parent)
    plant.setattr(processor, "MEMBERSHIP", root.parent / "membership")


def a_folder_that_cannot_be_written(root, plant):
    def refuse(dir):
        if Path(dir) == root:
            raise PermissionError(13, "Permission denied", str(dir))
        return io.BytesIO()

    plant.setattr(tempfile, "TemporaryFile", refuse)


def a_clock_that_is_slow(root, plant):
    tomorrow = time.time() + 3 * 86_400
    os.utime(root / "lessons" / "01_toy.py", (tomorrow, tomorrow))


def a_terminal_without_the_signs(root, plant):
    plant.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="cp1252"))


def a_path_with_a_colon(root, plant):
    return Path(f"/home/anna/courses{os.pathsep}2026")


def a_path_that_is_no_text(root, plant):
    return Path(os.fsdecode(b"/home/anna/\xfcbung"))


def a_path_too_long_for_windows(root, plant):
    plant.setattr(machine.os, "name", "nt")
    return root / ("a" * 100)


def a_port_in_use(root, plant):
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    plant.setattr(machine, "PORT", taken.getsockname()[1])
    return taken


def no_ports_at_all(root, plant):
    def refuse(self, address):
        raise PermissionError(1, "Operation not permitted")

    plant.setattr(socket.socket, "bind", refuse)


def a_proxy_for_everything(root, plant):
    plant.setenv("http_proxy", "http://proxy.example:3128")


def a_torchvision_of_another_build(root, plant):
    for name, version in (("torch", "2.13.0+cpu"), ("torchvision", "0.28.0+cu130")):
        folder = root.parent / "site" / name
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").touch()
        (folder / "version.py").write_text(f"debug = False\n__version__ = {version!r}\n")


def pytorch_for(cuda, *, driver, usable=False):
    def planted(root, plant):
        (root.parent / "site" / "torch" / "version.py").write_text(f"cuda: Optional[str] = {cuda!r}\n")
        if driver:
            machine.NVIDIA.write_text("NVRM version")
        plant.setattr(torch.cuda, "is_available", lambda: usable)
        plant.setitem(sys.modules["fercourse.learn.device"]._DEVICES, "cuda", lambda: usable)

    return planted


def more_threads_than_cores(root, plant):
    plant.setenv("OMP_NUM_THREADS", "512")


def threads_in_words(root, plant):
    plant.setenv("OMP_NUM_THREADS", "all")


def threads_that_spin(root, plant):
    plant.setenv("OMP_WAIT_POLICY", "ACTIVE")


def a_scale_left_over(root, plant):
    plant.setenv("FERCOURSE_SCALE", "smoke")


def nobody_there(root, plant):
    plant.setenv("FERCOURSE_HEADLESS", "1")


def tensorflow_first(root, plant):
    plant.setattr(surroundings, "find_spec", lambda name: name)
    folder = root.parent / "IPYTHONDIR" / "profile_default" / "startup"
    folder.mkdir(parents=True)
    (folder / "00-first.py").write_text("import numpy\nfrom tensorflow import keras\n")


def a_kernel_whose_python_is_gone(root, plant):
    kernel(root.parent / "JUPYTER_PATH", "last_year", root / "gone" / "bin" / "python")


def a_kernel_of_another_python(root, plant):
    program = root.parent / "other" / "bin" / "python"
    program.parent.mkdir(parents=True)
    program.write_text("")
    kernel(root.parent / "JUPYTER_PATH", "python3", program)


def a_set_under_another_name(root, plant):
    (root / "data" / "FER (1).rar").write_bytes(b"Rar!")


def a_damaged_set(root, plant):
    (root / "data" / "fer2013.csv").write_text("emotion,pixels,Usage\n0,1 2 3,Training\n")


def another_set(root, plant):
    from fercourse.data.drawn.dataset import drawn_faces

    convert(drawn_faces(70, 7, 7), root / "data" / "fer2013.csv", layout="csv")


def data_that_is_nowhere(root, plant):
    plant.setenv("FERCOURSE_DATA", "~/Downloads/fer2013.csv")


def checkpoint(root, name, content):
    path = root / "runs" / "full" / name
    path.parent.mkdir(parents=True)
    torch.save(content, path)
    return path


def half_a_checkpoint(root, plant):
    path = checkpoint(root, "cnn.pt", {"recipe": {}})
    path.write_bytes(path.read_bytes()[:-40])


def a_checkpoint_of_another_recipe(root, plant):
    state = {key: [] for key in ("training", "best", "generator", "noise", "rows")}
    checkpoint(root, "CNN, Adam 0.001, seed 0.pt", state | {"recipe": {"lr": 0.1, "schedule": "None"}})


PLANTED = [
    # what is planted, who looks for it, whether it is serious, what the doctor says, and the remedy
    (an_old_python, first.python, True, "Python 3.9.18 is too old", "make lab PYTHON=python3.12"),
    (a_python_of_32_bits, first.python, True, "a Python of 32 bits", "Python of 64 bits"),
    (a_file_named_torch, None, True, "torch.py is imported in place of", "my_torch.py"),
    (a_file_named_random, None, True, "random.py is imported in place of", "my_random.py"),
    (a_python_without_the_course, packages.installed, True, "not installed in", ".venv/bin/python"),
    (another_copy_of_the_course, packages.installed, True, "another copy of the course", ".venv/bin/python"),
    (a_missing_package, packages.requirements, True, "not installed: no-such-package-of-ours", "pip install -c"),
    (a_missing_extra, packages.requirements, False, "no-such-tensorflow, of the extra tf; without it", '".[tf]"'),
    (a_package_that_is_too_old, packages.requirements, True, "and the course needs >=99", "pip install -c"),
    (another_version_than_the_tested, packages.tested, False, "(tested: 0.0.1)", "make environment"),
    (a_full_disk, machine.space, True, "1.3 GB of disk are free", "Free some space"),
    (a_full_memory, machine.space, True, "1.0 GB of memory are free, and 2.0 GB", "Shut down other notebooks"),
    (a_container_with_little_memory, machine.space, True, "0.7 GB of memory are free", "Shut down other notebooks"),
    (a_folder_that_cannot_be_written, machine.writable, True, "nothing can be written into", "chmod"),
    (a_clock_that_is_slow, machine.clock, True, "the clock says", "Set the clock"),
    (a_terminal_without_the_signs, machine.encoding, True, "is written in cp1252", "PYTHONUTF8=1"),
    (a_path_with_a_colon, machine.path, True, "which separates paths", "Rename that folder"),
    (a_path_that_is_no_text, machine.path, True, "has bytes in it that are no letters", "Rename that folder"),
    (a_path_too_long_for_windows, machine.path, True, "would pass Windows' 260", "short path"),
    (a_port_in_use, machine.ports, False, "is in use, and the demo asks for it", "--port 8900"),
    (no_ports_at_all, machine.ports, True, "no program can listen on 127.0.0.1", "firewall"),
    (a_proxy_for_everything, machine.ports, False, "http_proxy is http://proxy.example:3128", "NO_PROXY=localhost"),
    (pytorch_for("13.0", driver=False), machine.gpu, False, "for CUDA 13.0, and no GPU is here", "TORCH=cpu"),
    (pytorch_for(None, driver=True), machine.gpu, False, "the build for processors", "Remove .venv and run: make lab"),
    (pytorch_for("13.0", driver=True), machine.gpu, True, "cannot use it", "Update the driver"),
    (a_torchvision_of_another_build, machine.builds, True, "torchvision 0.28.0+cu130 is of", "from one place"),
    (more_threads_than_cores, surroundings.threads, False, "OMP_NUM_THREADS is 512", "Unset it"),
    (threads_in_words, surroundings.threads, True, "OMP_NUM_THREADS is 'all', and no number", "Unset it"),
    (threads_that_spin, surroundings.threads, False, "OMP_WAIT_POLICY is active", "passive"),
    (a_scale_left_over, surroundings.variables, True, "FERCOURSE_SCALE is smoke", "unset FERCOURSE_SCALE"),
    (nobody_there, surroundings.variables, True, "fill in your guesses themselves", "unset FERCOURSE_HEADLESS"),
    (tensorflow_first, surroundings.startup, True, "00-first.py imports tensorflow", "Put `import fercourse` above it"),
    (a_kernel_whose_python_is_gone, surroundings.kernels, True, "which is not there any more", "remove last_year"),
    (a_kernel_of_another_python, surroundings.kernels, True, '"Python 3" in Jupyter is', "own kernel is used then"),
    (a_set_under_another_name, files.fer2013, True, "FER (1).rar (another name)", "name it fer2013.csv"),
    (a_damaged_set, files.fer2013, True, "cannot be used", "data verify PATH"),
    (another_set, files.fer2013, False, "is not FER2013 as it was published", "data verify PATH"),
    (data_that_is_nowhere, files.fer2013, True, "FERCOURSE_DATA is ~/Downloads/fer2013.csv", "unset it"),
    (half_a_checkpoint, files.checkpoints, True, "is no checkpoint, or it is damaged", "Remove it"),
    (a_checkpoint_of_another_recipe, files.checkpoints, True, "lr 0.1 in it, 0.001 in the list", "begins anew"),
]  # fmt: skip


def asked(check, root):
    """What one check says: that of the folders is asked as the doctor asks it."""
    if check is None:
        return list(first.shadowing([root, root / "notebooks"]))
    return list(check() if check is first.python else check(root))


def named(row):
    plant, check, _, said, _ = row
    return f"{getattr(check, '__name__', 'shadowing')}: {plant.__name__ if plant.__name__ != 'planted' else said}"


@pytest.mark.parametrize(("plant", "check", "serious", "said", "remedy"), PLANTED, ids=map(named, PLANTED))
def test_what_is_planted_is_named_with_its_remedy_and_not_there_before(
    plant, check, serious, said, remedy, root, monkeypatch
):
    if check is machine.gpu:
        import fercourse.learn.device  # noqa: F401
    assert asked(check, root) == []
    with monkeypatch.context() as planting:
        kept = plant(root, planting)
        found = asked(check, kept if isinstance(kept, Path) else root)
        getattr(kept, "close", lambda: None)()
    assert [each.serious for each in found if said in each.what and remedy in each.remedy] == [serious], found


def test_every_check_finds_one_of_the_planted_faults():
    assert len(PLANTED) >= 12
    assert {check for _, check, *_ in PLANTED} == {*examine.checks(), first.python, None}


def test_a_checkpoint_of_another_number_of_epochs_is_no_fault(root):
    state = {key: [] for key in ("training", "best", "generator", "noise", "rows")}
    checkpoint(root, "CNN, Adam 0.001, seed 0.pt", state | {"recipe": {"lr": 0.001, "epochs": 3}})
    assert asked(files.checkpoints, root) == []


def test_on_a_healthy_machine_the_doctor_says_so_and_ends_with_0(root, capsys):
    assert main(["doctor"]) == 0
    assert capsys.readouterr().out == "Nothing is wrong here.\n"


def test_a_fault_ends_the_doctor_with_1_and_a_note_with_0(root, capsys, monkeypatch):
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    assert main(["doctor"]) == 0
    assert capsys.readouterr().out.endswith("\n\nno faults, 1 note.\n")
    (root / "random.py").write_text("")
    assert main(["doctor"]) == 1
    first_line, *_, last = capsys.readouterr().out.splitlines()
    assert first_line.startswith("fault  ")
    assert last == "1 fault, 1 note."


def test_notebooks_that_lie_outside_the_course_are_named(root, tmp_path, monkeypatch, capsys):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert main(["doctor"]) == 1
    assert "elsewhere lies in no folder of the course" in capsys.readouterr().out
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release")
    assert list(packages.no_course(tmp_path)) == []


WITHOUT_EXTRAS = """
import sys
sys.modules |= dict.fromkeys(("tyro", "psutil", "papermill", "jupytext", "yaml"))  # as where no extra is installed
from fercourse.__main__ import main
sys.exit(main(["doctor", "--help"]) or main(["doctor"]) not in (0, 1))
"""


def test_the_doctor_needs_no_extra():
    finished = subprocess.run([sys.executable, "-c", WITHOUT_EXTRAS], cwd=COURSE, capture_output=True, text=True)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout.startswith("usage: python -m fercourse doctor\n")


OLDER = """
import ast, sys
for path in sys.argv[1:]:
    ast.parse(open(path, encoding="utf-8").read(), feature_version=(3, 9))
"""


def test_what_tells_an_old_python_that_it_is_too_old_can_be_read_by_it():
    package = COURSE / "fercourse"
    names = ("__init__", "__main__", "errors", "triton_first", "course/__init__", "course/doctor/__init__")
    doctors = ("examine", "diagnosis", "first")
    paths = [package / f"{name}.py" for name in (*names, *(f"course/doctor/{name}" for name in doctors))]
    subprocess.run([sys.executable, "-c", OLDER, *paths], check=True)


def test_an_option_that_the_doctor_does_not_know_ends_with_2(capsys):
    assert main(["doctor", "--fix"]) == 2
    assert capsys.readouterr().out.startswith("usage:")


def test_faults_come_before_notes_and_end_with_one_full_stop(capsys):
    assert examine.said([Diagnosis("a", "b", False), Diagnosis("c.", "d")]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["fault  c.", "       Remedy: d.", "", "note   a.", "       Remedy: b.", "", "1 fault, 1 note."]
