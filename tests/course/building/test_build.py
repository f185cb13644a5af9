"""The builder: lessons in, notebooks out, the same every time."""

import json
import os
import re
import sys

import nbformat
import pytest
from toy_course import FRONT, PARAMETERS, SETUP, STAMP, lesson, publish, toy_course, write_lesson

from fercourse.__main__ import main
from fercourse.course.building.build import build, is_outdated, notebook_drift, read_notebook
from fercourse.course.building.execute import execute
from fercourse.course.building.lesson import count_words, read_lesson
from fercourse.course.building.lesson_rules import advice, untied
from fercourse.course.checkout import select
from fercourse.errors import CheckFailed, ParameterError
from fercourse.report import recorded

TWO_CELLS = lesson("# cat or dog?\nanimal = 'cat'", '# %% tags=["NBVAL_CHECK_OUTPUT"]\nprint(animal)')


@pytest.fixture
def course(tmp_path):
    return toy_course(tmp_path, toy_01=TWO_CELLS)


def toy_build(course):
    return build(course=course, setup=SETUP, stamp=STAMP)


def built(course, name="01_toy"):
    """The page: the notebook that keeps outputs."""
    return read_notebook(course.pages / f"{name}.ipynb")


def give_outputs(course, name="01_toy", **outputs):
    """Outputs as an execution leaves them: every code cell printed its id; `outputs` (cell id → list) come after."""
    notebook = built(course, name)
    for count, cell in enumerate((cell for cell in notebook.cells if cell.cell_type == "code"), start=1):
        cell.execution_count = count
        cell.outputs = [nbformat.v4.new_output("stream", text=cell.id), *outputs.get(cell.id.replace("-", "_")[3:], [])]
    nbformat.write(notebook, course.pages / f"{name}.ipynb")


def ids(course, name="01_toy"):
    return [cell.id for cell in built(course, name).cells]


def test_building_twice_gives_the_same_bytes_and_changes_nothing(course):
    assert toy_build(course) == [course.notebooks / "01_toy.ipynb", course.pages / "01_toy.ipynb"]
    first = (course.notebooks / "01_toy.ipynb").read_bytes()
    assert toy_build(course) == []
    (course.notebooks / "01_toy.ipynb").unlink()
    toy_build(course)
    assert (course.notebooks / "01_toy.ipynb").read_bytes() == first


def test_a_notebook_is_title_parameters_setup_the_authors_cells_and_stamp(course):
    toy_build(course)
    notebook = built(course)
    assert ids(course) == ["01-title", "01-parameters", "01-setup", "01-animal-cat", "01-print-animal", "01-stamp"]
    title, parameters, setup, first, second, stamp = notebook.cells
    assert title.source.startswith("# 01 · A toy\n\nYou will see a toy.\n\n[![Open in Colab]")
    assert "| **Time** | 5 minutes to read · run time not measured yet |" in title.source
    assert 'draw a toy<br>say "toy"' in title.source
    assert parameters.metadata.tags == ["parameters"]
    assert setup.source == 'LESSON = "01"'
    assert first.source == "# cat or dog?\nanimal = 'cat'"  # and not the shell command `cat`
    assert second.metadata == {"tags": ["NBVAL_CHECK_OUTPUT"]}
    assert stamp.source == STAMP
    assert notebook.metadata.language_info == {"name": "python"}
    nbformat.validate(notebook)


def test_the_setup_cell_installs_the_course_only_where_it_is_missing(course):
    build(course=course)
    setup, stamp = built(course).cells[2], built(course).cells[-1]
    assert 'if importlib.util.find_spec("fercourse") is None:' in setup.source
    assert 'os.environ.get("FERCOURSE_SPEC", "git+https://github.com/fercourse/fercourse")' in setup.source
    assert 'env = fc.setup("01", scale=SCALE, seed=SEED, device=DEVICE)' in setup.source
    assert stamp.source == "env.stamp()"


def test_a_fork_changes_badge_and_setup_cell_by_its_address_alone(tmp_path):
    course = toy_course(tmp_path, repository="https://github.com/someone/faces.git", toy_01=TWO_CELLS)
    build(course=course)
    text = (course.notebooks / "01_toy.ipynb").read_text()
    assert "colab.research.google.com/github/someone/faces/blob/main/notebooks/01_toy.ipynb" in text
    assert "git+https://github.com/someone/faces\\" in text
    assert "fercourse/fercourse" not in text


def test_a_course_outside_github_has_no_badge(tmp_path):
    course = toy_course(tmp_path, repository="https://gitlab.com/someone/faces", toy_01=TWO_CELLS)
    build(course=course)
    assert "colab" not in (course.notebooks / "01_toy.ipynb").read_text()


def test_a_link_to_another_file_has_a_second_one_in_the_notebook_and_none_on_the_page(tmp_path):
    prose = (
        "# %% [markdown]\n# [A](../docs/a.md#an-a), [B](02_b.ipynb), [C](https://c.org/c.md), `x[0](y.md)`, [D](#d)."
    )
    course = toy_course(tmp_path, toy_01=lesson(prose))
    toy_build(course)
    [page] = [cell.source for cell in built(course).cells if "[B]" in cell.source]
    [cell] = [cell for cell in read_notebook(course.notebooks / "01_toy.ipynb").cells if "[B]" in cell.source]
    at = "github.com/fercourse/fercourse/blob/main"
    colab = at.replace("github.com", "colab.research.google.com/github")
    assert cell.source == (
        f"[A](../docs/a.md#an-a) <sup>[online](https://{at}/docs/a.md#an-a)</sup>, "
        f"[B](02_b.ipynb) <sup>[in Colab](https://{colab}/notebooks/02_b.ipynb)</sup>, "
        "[C](https://c.org/c.md), `x[0](y.md)`, [D](#d)."
    )
    assert page == "[A](../a.md#an-a), [B](02_b.ipynb), [C](https://c.org/c.md), `x[0](y.md)`, [D](#d)."


def test_a_changed_cell_loses_its_output_and_the_others_keep_theirs(course):
    toy_build(course)
    give_outputs(course)
    write_lesson(course.root, "toy_01", TWO_CELLS.replace("animal = 'cat'", "animal = 'cat'  # or dog"))
    toy_build(course)
    outputs = {cell.id: (len(cell.outputs), cell.execution_count) for cell in built(course).cells if "outputs" in cell}
    assert outputs.pop("01-animal-cat-or-dog") == (0, None)
    assert outputs == {"01-parameters": (1, 1), "01-setup": (1, 2), "01-print-animal": (1, 4), "01-stamp": (1, 5)}


def test_the_columns_of_fer2013_follow_the_records_without_a_new_execution(course, tmp_path, monkeypatch):
    toy_build(course)
    origin = {
        "lesson": "01",
        "scale": "lesson",
        "seed": 0,
        "source": "drawn faces",
        "fingerprint": "",
        "official": False,
    }
    figure = origin | {"name": "twins", "value": 1.5, "unit": "%", "low": None, "high": None, "n": None, "drawn": True}
    claim = origin | {"id": "01.a", "sentence": "It is so.", "status": "held", "reasons": [], "drawn": True}
    published = [
        {"kind": "figure"} | figure,
        {"kind": "figures", "figures": [figure, figure | {"name": "others"}]},
        {"kind": "claims", "claims": [claim]},
    ]
    shown = [
        nbformat.v4.new_output(
            "display_data",
            data={"text/plain": "recorded: old" if each["kind"] == "figure" else "old", "text/html": "old"},
            metadata={"fercourse": each},
        )
        for each in published
    ]
    give_outputs(course, print_animal=shown)
    real = figure | {"lesson": "01", "value": 11.3, "drawn": False}
    record = {"lesson": "01", "scale": "full", "figures": [real], "claims": [claim | {"status": "failed"}]}
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "01.json").write_text(json.dumps(record))
    monkeypatch.setattr(recorded, "LESSONS", tmp_path / "records")
    recorded.of_lesson.cache_clear()
    assert any("01_toy" in finding for finding in notebook_drift(course=course, setup=SETUP, stamp=STAMP))
    toy_build(course)
    recorded.of_lesson.cache_clear()
    [cell] = [cell for cell in built(course).cells if cell.id == "01-print-animal"]
    line, table, claims = (output.data["text/plain"] for output in cell.outputs[1:])
    assert line == "recorded: twins · 1.5 % (drawn faces) · FER2013, measured: 11.3 %, full scale"
    assert "twins  1.5 %  11.3 %" in table
    assert "others  1.5 %  –" in table
    assert "✓ ✗ It is so. [01.a]" in claims


def test_a_cell_with_an_id_of_its_own_still_loses_its_output_when_its_source_changes(course):
    write_lesson(course.root, "toy_01", lesson('# %% id="mine"\nx = 1'))
    toy_build(course)
    give_outputs(course)
    write_lesson(course.root, "toy_01", lesson('# %% id="mine"\nx = 2'))
    toy_build(course)
    cell = built(course).cells[3]
    assert (cell.id, cell.outputs, cell.execution_count) == ("mine", [], None)


def test_check_names_the_first_cell_that_differs_and_writes_nothing(course, monkeypatch, capsys):
    build(course=course)
    monkeypatch.chdir(course.root)
    assert main(["build", "--check"]) == 0
    before = (course.notebooks / "01_toy.ipynb").read_bytes()
    write_lesson(course.root, "toy_01", TWO_CELLS.replace("print(animal)", "print(animal, 2)"))
    write_lesson(course.root, "new_02", TWO_CELLS)
    (course.notebooks / "07_stray.ipynb").write_text("{}")
    assert main(["build", "--check"]) == 1
    found = capsys.readouterr().out
    assert "notebooks/01_toy.ipynb: cell 01-print-animal-2 differs" in found
    assert "docs/lessons/01_toy.ipynb: cell 01-print-animal-2 differs" in found
    assert "docs/lessons/02_new.ipynb: not built yet" in found
    assert "notebooks/07_stray.ipynb: no lesson of that name" in found
    assert (course.notebooks / "01_toy.ipynb").read_bytes() == before
    assert not (course.notebooks / "02_new.ipynb").exists()


def test_outputs_alone_are_no_drift(course):
    toy_build(course)
    give_outputs(course)
    toy_build(course)
    assert notebook_drift(course=course, setup=SETUP, stamp=STAMP) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("LAYERS: list[int] = list(range(3))", "not a literal"),
        ("WIDTH = 3", "not an annotated assignment"),
        ("import torch", "not an annotated assignment"),
        ("WIDTH: int = 2.5", "the value is no int"),
        ("WIDTH: Path = 2.5", "the annotation is none of"),
        ("WIDTH: list[int] = [1, 'a']", "the value is no list\\[int\\]"),
        ("WIDTH: int = (", "not Python"),
    ],
)
def test_a_parameters_cell_with_anything_but_annotated_literals_is_refused_by_its_line(course, line, said):
    write_lesson(course.root, "toy_01", lesson(parameters=PARAMETERS + line))
    number = lesson(parameters=PARAMETERS + line).splitlines().index(line) + 1
    with pytest.raises(ParameterError, match=f"01_toy.py, line {number}: {said}"):
        toy_build(course)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ("", "found 0"),
        (PARAMETERS + "\n" + PARAMETERS, r"found 2 \(lines 11, 19\)"),
        (PARAMETERS.replace("SEED: int", "SEED: float"), "lacks SEED: int"),
    ],
)
def test_a_lesson_has_one_parameters_cell_with_the_four_common_ones(course, parameters, said):
    write_lesson(course.root, "toy_01", lesson("x = 1", parameters=parameters))
    with pytest.raises(ParameterError, match=said):
        toy_build(course)


@pytest.mark.parametrize(
    ("front", "said"),
    [
        ("", "line 1: expected YAML front matter"),
        (FRONT.replace("# promise: You will see a toy.\n", ""), "needs promise, a text; found None"),
        (FRONT.replace("[Lesson 00]", "Lesson 00"), "needs needs, a list of texts; found 'Lesson 00'"),
        (FRONT.replace("reproduces", "reproduce"), "found reproduce"),
    ],
)
def test_incomplete_front_matter_is_refused(course, front, said):
    write_lesson(course.root, "toy_01", lesson("x = 1", front=front))
    with pytest.raises(ParameterError, match=said):
        toy_build(course)


def test_cell_ids_read_well_and_explicit_ones_win(tmp_path):
    cells = [
        "# %% [markdown]\n# ## Was ist *hier* los? Größe & Maß\n# More.",
        "# %% [markdown]\n# Just some words without a heading, so many of them that they are cut.",
        "x = 1",
        "x = 1",
        '# %% id="01-x-1-2"\nx = 2',
    ]
    course = toy_course(tmp_path, toy_01=lesson(*cells))
    toy_build(course)
    assert ids(course)[3:-1] == [
        "01-was-ist-hier-los-groe-ma",
        "01-just-some-words-without-a-heading-so-many-of",
        "01-x-1",
        "01-x-1-3",
        "01-x-1-2",
    ]


@pytest.mark.parametrize("wrong", ["a b", "01-title", "x" * 65])
def test_a_malformed_or_repeated_id_is_refused(tmp_path, wrong):
    course = toy_course(tmp_path, toy_01=lesson(f'# %% id="{wrong}"\nx = 1'))
    with pytest.raises(ParameterError, match="given twice or malformed"):
        toy_build(course)


def test_a_notebook_above_one_megabyte_is_refused_with_its_figures_by_size(course):
    toy_build(course)
    pictures = [nbformat.v4.new_output("display_data", data={"image/png": "A" * size}) for size in (300_000, 800_000)]
    give_outputs(course, animal_cat=pictures[:1], print_animal=pictures[1:])
    write_lesson(course.root, "toy_01", TWO_CELLS + "\n# %%\nx = 3\n")
    with pytest.raises(ParameterError, match=r"1\.10 MB.* 01-print-animal 800 kB, 01-animal-cat 300 kB"):
        toy_build(course)


def test_executing_stores_outputs_record_and_a_header_with_the_cost(tmp_path):
    stamp = {
        "kind": "stamp",
        "scale": "smoke",
        "peak_memory_mb": 1234,
        "device": "cpu",
        "source": "drawn",
        "versions": {},
    }
    cells = [
        "for step in range(3):\n    print(step, end='\\r')\nprint('done')",
        "import os\nos.listdir(), os.environ['FERCOURSE_DATA'], os.environ['TQDM_DISABLE']",
        publish(stamp),
    ]
    course = toy_course(tmp_path, toy_01=lesson(*cells))
    toy_build(course)
    execute(course.lessons / "01_toy.py", course=course, setup=SETUP, stamp=STAMP)
    title, parameters, _, progress, surroundings, *_ = built(course).cells
    assert re.search(
        r"\*\*Time\*\* \| 5 minutes to read · its code runs under a minute on one quiet core \|", title.source
    )
    assert "| **Memory** | 1.2 GB |" in title.source
    assert parameters.execution_count == 1
    assert progress.outputs[0].text == "done\n"
    assert surroundings.outputs[0].data["text/plain"] == "([], 'drawn', '1')"
    assert all("execution" not in cell.metadata for cell in built(course).cells)
    assert json.loads(course.records.read_text())["01_toy"]["cpu"]["peak_memory_mb"] == 1234
    assert notebook_drift(course=course, setup=SETUP, stamp=STAMP) == []


def test_a_lesson_that_errs_warns_or_claims_in_vain_is_refused_naming_each_cell(tmp_path):
    claim = {"kind": "claims", "claims": [{"id": "01.a", "sentence": "Ones are twos.", "status": "failed"}]}
    cells = [
        "import warnings\nwarnings.warn('old')",
        "print('FutureWarning: soon')",
        publish(claim),
        "1 / 0",
    ]
    course = toy_course(tmp_path, toy_01=lesson(*cells))
    toy_build(course)
    before = (course.notebooks / "01_toy.ipynb").read_bytes()
    with pytest.raises(CheckFailed) as refusal:
        execute(course.lessons / "01_toy.py", course=course, setup=SETUP, stamp=STAMP)
    said = str(refusal.value)
    assert "cell 01-import-warnings: stderr says" in said
    assert "cell 01-print-futurewarning-soon: a warning: 'FutureWarning: soon'" in said
    assert "cell 01-1-0: ZeroDivisionError: division by zero" in said
    assert "claim 01.a failed: Ones are twos." in said
    assert (course.notebooks / "01_toy.ipynb").read_bytes() == before
    assert not course.records.exists()
    assert (course.root / "build" / "refused" / "01_toy.ipynb").exists()


def test_the_header_says_what_reading_the_sheet_and_the_run_take(course):
    words, rows = (
        "# " + "word " * 1600,
        "# | | exercise | minutes |\n# |---|---|---|\n# | 01.1 | One. | 10 |\n# | 01.2 | Two. | 25 |",
    )
    write_lesson(course.root, "toy_01", lesson("\n".join(["x = 1"] * 80), f"# %% [markdown]\n{words}\n#\n{rows}"))
    entry = {"seconds": 400, "processor_seconds": 200, "peak_memory_mb": 900, "device": "cpu", "cores": 2}
    records = {"01_toy": {"cpu": entry, "gpu": entry | {"seconds": 61, "device": "NVIDIA H200"}}}
    course.records.write_text(json.dumps(records))
    toy_build(course)
    # 1,600 words at 80 a minute, 80 lines at 8 a minute
    assert (
        "| **Time** | 30 minutes to read · 35 for the exercises · its code runs 3 minutes on one quiet core "
        "· its code runs 1 minute on a GPU (NVIDIA H200) |"
    ) in built(course).cells[0].source


def test_a_student_opens_a_notebook_without_outputs_and_a_reader_one_with_them(course):
    linked = "# %% [markdown]\n# [sheet](../exercises/01_toy.ipynb), [A](../docs/five.md), [next](02_toy.ipynb)"
    write_lesson(course.root, "toy_01", TWO_CELLS + "\n" + linked)
    toy_build(course)
    give_outputs(course)
    toy_build(course)
    students = read_notebook(course.notebooks / "01_toy.ipynb")
    assert all(cell.outputs == [] and cell.execution_count is None for cell in students.cells if "outputs" in cell)
    assert all(cell.outputs for cell in built(course).cells if "outputs" in cell)
    [theirs], [ours] = (
        [cell.source for cell in notebook.cells if "[sheet]" in cell.source] for notebook in (students, built(course))
    )
    theirs = re.sub(" <sup>.*?</sup>", "", theirs)
    assert theirs == "[sheet](../exercises/01_toy.ipynb), [A](../docs/five.md), [next](02_toy.ipynb)"
    assert ours == "[sheet](../../exercises/01_toy.ipynb), [A](../five.md), [next](02_toy.ipynb)"


def test_the_second_part_of_a_lesson_has_a_number_with_a_letter(tmp_path):
    course = toy_course(tmp_path, toy_02=TWO_CELLS, more_02b=TWO_CELLS, next_03=TWO_CELLS)
    toy_build(course)
    assert ids(course, "02b_more")[:2] == ["02b-title", "02b-parameters"]
    assert built(course, "02b_more").cells[2].source == 'LESSON = "02b"'
    stems = [path.stem for path in select((), course.lessons, ".py")]
    assert stems == ["02_toy", "02b_more", "03_next"]
    for name, stem in {
        "2": "02_toy",
        "02": "02_toy",
        "2b": "02b_more",
        "02b": "02b_more",
        "02b_more": "02b_more",
    }.items():
        assert [path.stem for path in select([name], course.lessons, ".py")] == [stem]


def test_a_folded_cell_hides_its_source_in_jupyterlab_and_in_colab(tmp_path):
    course = toy_course(tmp_path, toy_01=lesson('# %% tags=["folded"]\nx = 1', "y = 2"))
    toy_build(course)
    hidden, shown = built(course).cells[3:5]
    assert (hidden.metadata.jupyter, hidden.metadata.cellView) == ({"source_hidden": True}, "form")
    assert not {"jupyter", "cellView"} & set(shown.metadata)


CLAIMS = """\
# %% tags=["folded"]
fc.claim("01.up", rises, "It rises.")
fc.claim("01.full", rises, "So it is.", needs="full")
fc.claims()"""


@pytest.mark.parametrize(
    ("prose", "code", "finding"),
    [
        ("The curve turns up. <!-- 01.up -->", "x = 1", None),
        ("Nothing is said about a picture here.", 'fc.reveal("01.1", x)', None),
        (
            "Look closely. The curve turns up after the fifth.",
            "x = 1",
            "'curve turns' points at an output and has no claim",
        ),
        ("The line stays flat.", "x = 1", "'stays flat' points at an output"),
        (
            "The matrix shows it. <!-- 01.up --> The bars fall, the bar falls.",
            "x = 1",
            "'bars fall' points at an output",
        ),
        ("It rises.\n# <!-- 01.up --> And so on.", "x = 1", "a mark begins a line, where Markdown ends the paragraph"),
        ("Two threads, #41 and\n# #42 say so.", "x = 1", "a line begins with # and a word"),
        ("It is so. <!-- 01.down -->", "x = 1", "a sentence is marked 01.down, and no claim has this id"),
        (
            "It is so. <!-- 01.full -->",
            "x = 1",
            "is marked 01.full, which is not tested on drawn faces at lesson scale",
        ),
        ("Words.", 'fc.reveal("01.1", "ln 7")', "fc.reveal('01.1', …) gives its answer away"),
        ("Words.", 'fc.reveal("01.1", 3)', "fc.reveal('01.1', …) gives its answer away"),
        ("Words.", 'fc.claim("01.two", True, "Yes.")', 'claims belong into a cell tagged "folded"'),
        ("Words.", "fc.claims()", "expected fc.claims() once"),
    ],
)
def test_a_sentence_about_an_output_is_tied_to_a_claim_and_an_answer_is_computed(tmp_path, prose, code, finding):
    course = toy_course(tmp_path, toy_01=lesson(f"# %% [markdown]\n# {prose}", code, CLAIMS))
    found = untied(read_lesson(course.lessons / "01_toy.py"))
    assert (found == []) if finding is None else any(finding in each for each in found)


def test_a_lesson_whose_sentence_has_no_claim_is_not_executed(tmp_path):
    course = toy_course(tmp_path, toy_01=lesson("# %% [markdown]\n# The curve turns up."))
    toy_build(course)
    with pytest.raises(CheckFailed, match="'curve turns' points at an output and has no claim: The curve turns up"):
        execute(course.lessons / "01_toy.py", course=course, setup=SETUP, stamp=STAMP)


def test_advice_finds_long_cells_and_short_prose(course):
    long = "\n".join(f"x = {number}" for number in range(31))
    write_lesson(course.root, "toy_01", lesson(long, *["y = 1"] * 60))
    findings = "\n".join(advice(read_lesson(course.lessons / "01_toy.py")))
    assert "01_toy: a code cell of 31 lines, at most 30: x = 0" in findings
    assert "01_toy: 65 cells, at most 60" in findings
    assert "01_toy: 0 words of prose" in findings
    assert "median" not in findings
    prose = "# %% [markdown]\n# " + "word " * 1300
    write_lesson(course.root, "toy_01", lesson("x = 1", prose))
    assert advice(read_lesson(course.lessons / "01_toy.py")) == []


def test_words_are_what_a_reader_reads():
    assert count_words("## It's *one* [two](https://a.b/c-d)\n```\nx = 1\n```\n$a + b$ **three**") == 4


def test_an_unknown_lesson_is_refused_with_those_that_exist(course, monkeypatch, capsys):
    monkeypatch.chdir(course.lessons)  # the course is found from inside
    assert main(["build", "9"]) == 2
    assert "no lesson '9'" in (said := capsys.readouterr().err)
    assert "there are 01_toy" in said
    assert main(["build", "1"]) == main(["build", "01"]) == main(["build", "01_toy"]) == 0


def test_outside_a_course_the_command_says_where_to_go(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["build"]) == 2
    assert "Go to a checkout of the course" in capsys.readouterr().err


@pytest.mark.parametrize("missing", ["tyro", "jupytext"])
def test_a_missing_package_names_the_extra_that_brings_it(course, missing, monkeypatch, capsys):
    monkeypatch.chdir(course.root)
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.delitem(sys.modules, "fercourse.course.commands", raising=False)
    assert main(["build"]) == 1
    assert f'{missing} is missing. In the course\'s folder: pip install -e ".[course]"' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "later", "outdated"),
    [
        (lambda text: text + "\nprint('new')\n", True, True),
        (lambda text: text.replace("SEED: int", "SEED: wrong"), True, True),  # not ready to be built
        (lambda text: text, True, False),
        (lambda text: text + "\nprint('new')\n", False, False),  # the notebook is newer: a student edits it
    ],
    ids=["changed", "broken", "touched", "older"],
)
def test_a_notebook_is_outdated_where_its_lesson_was_changed_later(course, change, later, outdated):
    build(course=course)
    notebook, source = course.notebooks / "01_toy.ipynb", course.lessons / "01_toy.py"
    source.write_text(change(source.read_text(encoding="utf-8")), encoding="utf-8")
    when = notebook.stat().st_mtime + (5 if later else -5)
    os.utime(source, (when, when))
    assert is_outdated(notebook, course=course) == outdated


def test_a_notebook_of_no_lesson_is_never_outdated(course):
    build(course=course)
    (course.lessons / "01_toy.py").unlink()
    assert not is_outdated(course.notebooks / "01_toy.ipynb", course=course)
