"""Feedback pages and the class report: what they say, and that nothing of a student's runs in them."""

import io
import keyword
import re
import sys
import time
import tokenize
from base64 import b64decode, b64encode
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest
from fake_grader import Limits
from toy_class import graded, hand_in
from toy_sheet import handed_in, solution, write

import fercourse
from fercourse.grading.pages import class_report, coloured, feedback
from fercourse.grading.pages.class_report import bars
from fercourse.grading.sheet import Sheet, read_sheet

ONE_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
NASTY = "</pre><script>alert(1)</script><img src=x onerror=alert(1)>"


class Page(HTMLParser):
    """The tags, the attributes and the text of a page."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.attributes, self.words, self.path = set(), [], [], path
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_data(self, data):
        self.words.append(data)


def page(root, name="feedback/anna.html"):
    """A page of root/marks, after a look at whether anything in it can run or load."""
    found = Page(root / "marks" / name)
    assert not found.tags & {"script", "iframe", "object", "embed", "link", "form", "base", "input"}
    for tag, name, value in found.attributes:
        assert not name.startswith("on")
        assert name != "src" or b64decode(value.removeprefix("data:image/png;base64,")).startswith(coloured.PNG)
        assert name != "href" or (tag == "a" and value.startswith("feedback/"))
    assert "default-src 'none'" in found.source
    return found


def with_outputs(root, outputs, student="anna", **answers):
    """Hand in a notebook whose first answer has these outputs."""
    sheet = handed_in(last="1 + 1  # my own", **answers)
    next(cell for cell in sheet["cells"] if cell["id"] == "00-1-answer")["outputs"] = outputs
    write(root / "in" / f"{student}.ipynb", sheet)


def test_a_feedback_page_has_the_marks_the_reasons_and_the_students_own_cells(tmp_path):
    stream = {"output_type": "stream", "name": "stdout", "text": "\x1b[31mhello\x1b[0m there"}
    result = {"output_type": "execute_result", "data": {"text/plain": "42", "text/html": "<b>42</b>"}}
    error = {"output_type": "error", "ename": "ValueError", "evalue": "no & never", "traceback": []}
    picture = {"output_type": "display_data", "data": {"image/png": ONE_PIXEL}}
    with_outputs(tmp_path, [stream, result, error, picture], total="def total(values):\n    return 7")
    graded(tmp_path)
    text = page(tmp_path).text
    assert "9 of 15 points · 1 still to be read by a person" in text
    assert "00.1 total 0 / 3" in text
    assert "total is wrong <b>here</b>" in text
    for shown in ("return 7", "hello there", "42", "ValueError: no & never", "1 + 1 # my own", "00.5 words … / 3"):
        assert shown in text
    assert ONE_PIXEL in page(tmp_path).source
    assert "assert total" not in text  # the graded cells are not the student's


def test_nothing_that_a_student_wrote_runs_in_a_page(tmp_path):
    picture = {"output_type": "display_data", "data": {"image/png": f'"{NASTY}'}}
    html = {"output_type": "display_data", "data": {"text/html": NASTY, "image/svg+xml": NASTY}}
    disguised = {"output_type": "display_data", "data": {"image/png": b64encode(NASTY.encode()).decode()}}
    stream = {"output_type": "stream", "name": "stdout", "text": NASTY}
    error = {"output_type": "error", "ename": NASTY, "evalue": NASTY, "traceback": [NASTY]}
    with_outputs(
        tmp_path,
        [picture, html, disguised, stream, error],
        student=f"x{NASTY.replace('/', '')}",
        total=NASTY,
        words=NASTY,
    )
    (tmp_path / "in" / "<script>alert(2)").mkdir()
    (row,) = [row for row in graded(tmp_path).values() if row["status"] == "graded"]
    assert NASTY in page(tmp_path, f"feedback/{row['key']}.html").text
    assert "<script>alert(2)" in page(tmp_path, "report.html").text


def test_long_outputs_are_cut_and_say_so():
    stream = {"output_type": "stream", "text": "x" * 100_000}
    assert "80,000 more characters" in coloured.outputs([stream])[0]["text"]
    pictures = [{"output_type": "display_data", "data": {"image/png": ONE_PIXEL}}] * 50
    assert sum(bool(output["picture"]) for output in coloured.outputs(pictures)) == coloured.MOST_PICTURES
    assert len(coloured.code("x = 1\n" * 100_000)) < 500_000


NASTY_CODE = {
    "a format that never ends": 'x = "%' + "0" * 20_000,
    "a match that is none": "match" + " " * 20_000,
    "quotes": '"' * 20_001,
    "open texts of three quotes": '"""' + "'''\n" * 5_000,
    "backslashes": "'''" + "\\" * 20_001,
    "numbers": "0 " * 10_000,
    "exponents": "1e-" * 7_000,
    "prefixes": "rb" * 10_000,
    "format strings": 'f"{' * 7_000,
    "brackets": "(" * 20_000,
    "dots": "." * 20_000,
    "one name": "_" * 20_000,
    "continued lines": "\\\n" * 10_000,
    "decorators": "@a." * 7_000,
    "spaces before a comment": " " * 19_999 + "#",
    "annotations": "x: " * 7_000,
    "terminal codes": "\x1b]" * 10_000,
}


@pytest.mark.parametrize("source", NASTY_CODE.values(), ids=NASTY_CODE)
def test_a_page_full_of_code_that_is_slow_to_read_is_made_at_once(tmp_path, source):
    """Half a million characters, all that a page shows of a student's own cells."""
    hand_in(tmp_path, "anna")
    rows = graded(tmp_path)
    cells = [{"cell_type": "code", "id": f"own-{number}", "source": source, "outputs": []} for number in range(30)]
    write(tmp_path / "solution.ipynb", solution())
    sheet = read_sheet(tmp_path / "solution.ipynb")
    before = time.process_time()
    feedback.write_feedback(tmp_path / "page.html", rows["anna"], {"notebook": {"cells": cells}}, sheet)
    assert time.process_time() - before < 3
    assert (tmp_path / "page.html").stat().st_size < 8_000_000


@pytest.mark.parametrize("source", NASTY_CODE.values(), ids=NASTY_CODE)
def test_colours_change_no_letter(source):
    for text in (source, source[:-1], f"x = 1\n{source[:10_000]}\n# end <b>&amp;"):
        plain = f"<pre>{coloured.escape(coloured.shortened(coloured.clean(text).strip(chr(10))))}</pre>"
        assert re.sub(r"</?span[^>]*>", "", coloured.code(text)) in (plain, '<pre class="quiet">(empty)</pre>')


def of_tokenize(source):
    """What Python's own tokenizer takes for a keyword, a text, a comment or a number: (place, kind, text) of each."""
    lines = source.splitlines(keepends=True)
    starts = [sum(map(len, lines[:number])) for number in range(len(lines))]
    kinds = {tokenize.STRING: "s", tokenize.COMMENT: "c", tokenize.NUMBER: "n", tokenize.NAME: "k"}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in kinds and (token.type != tokenize.NAME or keyword.iskeyword(token.string)):
            yield starts[token.start[0] - 1] + token.start[1], kinds[token.type], token.string


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="from 3.12 on Python's tokenizer takes f-strings to pieces")
def test_what_is_coloured_is_what_python_reads():
    package = {path: path.read_text(encoding="utf-8") for path in Path(fercourse.__file__).parent.rglob("*.py")}
    prefixes = ["", *"rRbBfFuU", *(one + other for one in "rR" for other in "bBfF")]
    prefixes += [prefix[::-1] for prefix in prefixes if len(prefix) == 2]
    quoted = ("'a'", '"#"', "'a\\\n b'", "'''a\n'' \\''' b'''", '"""\n"""', "''")
    texts = "".join(f"x = [{prefix}{text}, 1]  # {text[:2]}\n" for prefix in prefixes for text in quoted)
    numbers = "x = 1_0 + 1.5e-3 - .5 + 0xFFl3j if x1.e5 else 1e5 + 3j - 0b1 + 5.\nmatch = lambda ä: not None\n"
    for path, source in (package | {"texts": texts, "numbers": numbers.replace("l3j", "")}).items():
        found = [(token.start(), token.lastgroup, token[0]) for token in coloured.TOKENS.finditer(source)]
        ours = [token for token in found if token[1] != "k" or keyword.iskeyword(token[2])]
        assert ours == list(of_tokenize(source)), path


def test_a_text_that_never_ends_is_coloured_to_the_end_of_its_line():
    html = coloured.code('x = "open\ny = 1')
    assert html == '<pre>x = <span class="s">&quot;open</span>\ny = <span class="n">1</span></pre>'


def test_a_report_stays_small_whatever_was_handed_in_as_a_guess(tmp_path):
    forged = [{"kind": "guess", "id": f"{'x' * 40} {number}", "right": True, "brier": 0.1} for number in range(5000)]
    honest = {"kind": "guess", "id": "00.g", "right": True, "brier": 0.04}
    for student, records in {"anna": [honest], "ben": [honest], "forger": [honest, *forged]}.items():
        sheet = handed_in()
        sheet["cells"][0]["guesses"] = [{"metadata": {"fercourse": record}} for record in records]
        write(tmp_path / "in" / f"{student}.ipynb", sheet)
    graded(tmp_path)
    report = page(tmp_path, "report.html")
    assert "00.g 3 100 % 0.04" in report.text
    assert "4,951 more are not shown" in report.text
    assert len(report.source) < 100_000


def test_an_answer_beside_another_is_shorter_than_on_its_own_page(tmp_path):
    nasty = "0 <1> 2\n" * 100_000
    hand_in(tmp_path, "anna")
    hand_in(tmp_path, "ben")
    texts = {"anna": nasty, "ben": f"{nasty} indeed"}
    results = {key: {"answers": {"00-1-answer": text, "00-5-answer": text}} for key, text in texts.items()}
    about = {"students": ["anna", "ben"], "share": 1, "answers": list(results["anna"]["answers"]), "identical": []}
    write(tmp_path / "solution.ipynb", solution())
    sheet = read_sheet(tmp_path / "solution.ipynb")
    block = str(class_report._group(SimpleNamespace(**about), {"anna": "Anna", "ben": "Ben"}, results, sheet))
    assert block.count("more characters") == 4
    assert len(block) < 200_000


@pytest.mark.parametrize("outputs", [None, 7, [], [{}], [{"output_type": "display_data", "data": {"image/png": 7}}]])
def test_odd_outputs_show_nothing(outputs):
    assert coloured.outputs(outputs) == []


def test_a_failed_exercise_gets_hints_but_never_the_solution(tmp_path, monkeypatch):
    monkeypatch.setattr("fercourse.classroom.hints.ladder", lambda id: [f"first `{id}`", "second", "third", "SOLUTION"])
    hand_in(tmp_path, "anna", total="def total(values):\n    return 7")
    graded(tmp_path)
    text = page(tmp_path).text
    assert "first 00.1 second" in text
    assert "first 00.2" not in text
    assert "third" not in text
    assert "SOLUTION" not in text
    monkeypatch.setattr("fercourse.classroom.hints.ladder", lambda id: ["one", "SOLUTION"])
    graded(tmp_path)
    assert "SOLUTION" not in page(tmp_path).text


def test_an_exercise_without_hints_has_none():
    assert feedback._ladder("99.9") == []


def test_who_handed_in_nothing_gets_a_page_too(tmp_path):
    (tmp_path / "in" / "anna").mkdir(parents=True)
    graded(tmp_path)
    text = page(tmp_path).text
    assert "0 of 15 points unreadable" in text
    assert "no notebook was handed in" in text


def test_the_report_says_how_the_class_did_and_what_to_look_at(tmp_path):
    for number in range(4):
        wrong = {"side": "def side():\n    ..."} if number else {"total": "def total():\n    ...", "words": ""}
        hand_in(tmp_path, f"student{number}", **wrong)
    hand_in(tmp_path, "slow", total="import time\ntime.sleep(9)")
    hand_in(tmp_path, "crash", total="# crash")
    (tmp_path / "in" / "nobody").mkdir()
    graded(tmp_path, limits=Limits())
    text = page(tmp_path, "report.html").text
    assert "7 students, 5 graded. 4 of them with answers that still wait for a person, counted as 0." in text
    assert "00.3 side hardest 3 1.20 40 % side is wrong <b>here</b> (3)" in text
    assert "00.5 words 3 0.00 0 % 4 still to be read" in text
    assert "by_hand.csv" in text
    for title in ("Time ran out", "The grader itself failed", "Nothing to grade", "How it was graded"):
        assert title in text
    assert text.index("00.3 side hardest") < text.index("00.1 total") < text.index("00.5 words 3")


def test_who_ran_out_of_time_is_named_with_the_function_that_hung(tmp_path, monkeypatch):
    hang = "def total(values):\n    import time\n    time.sleep(9)"
    hand_in(tmp_path, "anna", total=hang, side="def side():\n    return 0")
    hand_in(tmp_path, "bob")
    graded(tmp_path)
    text = page(tmp_path, "report.html").text
    assert "00-1-check (total): total is wrong <b>here</b>" in text
    state = tmp_path / "marks" / "state" / "anna.json"
    slow = "the check got no answer: it ran longer than the 10 s that it may"
    state.write_text(state.read_text().replace("total is wrong <b>here</b>", slow))
    graded(tmp_path)
    text = page(tmp_path, "report.html").text
    told = text[text.index("Time ran out") : text.index("Students student")]
    assert f"anna graded 00-1-check (total): {slow}; 00-1-hidden (total): {slow}" in told
    assert "side" not in told
    assert "bob" not in told


def test_the_rubric_of_the_answers_in_words_has_a_page_that_no_student_gets(tmp_path):
    hand_in(tmp_path, "anna")
    graded(tmp_path)
    text = page(tmp_path, "rubric.html").text
    assert "00.5 words 3 00-5-answer" in text
    assert "3 points for the overflow." in text
    assert "BEGIN" not in text
    assert "return sum(values)" not in text
    assert "3 points for the overflow." not in page(tmp_path).text
    assert "rubric.html" in page(tmp_path, "report.html").text


def test_the_report_says_how_many_are_left_out_of_the_uploads(tmp_path):
    hand_in(tmp_path, "anna")
    hand_in(tmp_path, "bob", words="")
    hand_in(tmp_path, "crash", total="# crash", words="")
    graded(tmp_path)
    assert "Until then 2 of 3 students are in no file for Moodle or Canvas." in page(tmp_path, "report.html").text


def test_a_text_that_many_share_is_shown_once_with_all_their_names(tmp_path):
    copied = " ".join(f"copied{number}" for number in range(50))
    for number in range(7):
        own = " ".join(f"w{number}x{place}" for place in range(50))
        hand_in(tmp_path, f"student{number}", words=copied if number < 5 else own)
    graded(tmp_path)
    text = page(tmp_path, "report.html").text
    names = "student0, student1, student2, student3 and student4"
    assert f"{names}: 100 % alike in 00-5-answer; 00-5-answer word for word" in text
    assert text.count("copied7") == 1


def test_on_a_narrow_screen_the_last_column_of_text_has_a_line_of_its_own(tmp_path):
    hand_in(tmp_path, "anna")
    graded(tmp_path)
    narrow = page(tmp_path).source.partition("@media (max-width: 40rem)")[2]
    assert re.search(r"\btr \{ display: flex; flex-wrap: wrap;", narrow)
    assert re.search(r"td:last-child:not\(\.number\) \{ flex-basis: 100%; \}", narrow)


def test_guesses_are_summed_up_and_nonsense_among_them_is_left_out(tmp_path):
    right = {"kind": "guess", "id": "00.g", "right": True, "brier": 0.04}
    wrong = {"kind": "guess", "id": "00.g", "right": False, "brier": 0.64}
    for number, records in enumerate([[right], [wrong], [right | {"brier": 7}], [{"right": "yes"}], [{"id": {}}]]):
        sheet = handed_in()
        sheet["cells"][0]["guesses"] = [{"metadata": {"fercourse": record}} for record in records]
        write(tmp_path / "in" / f"student{number}.ipynb", sheet)
    graded(tmp_path)
    assert "00.g 2 50 % 0.34" in page(tmp_path, "report.html").text


@pytest.mark.parametrize(
    ("totals", "maximum"), [([0], 1), ([0, 15, 7.5], 15), ([0.5, 3], 3.5), ([0, 99, 100], 100), ([0], 0), ([0.1], 0.3)]
)
def test_a_histogram_counts_everyone(totals, maximum):
    drawn = bars(totals, maximum)
    assert sum(bar["students"] for bar in drawn) == len(totals)
    assert all(bar["top"] + bar["height"] == pytest.approx(170) for bar in drawn)
    assert max(bar["height"] for bar in drawn) == 150


def test_an_instructors_own_notebook_shows_each_answer_with_its_test():
    roles = [("q1", "answer"), ("q1-test", "check"), ("q2", "answer"), ("q2-test", "hidden"), ("essay", "hand")]
    cells = [
        SimpleNamespace(id=id, role=role, kind="code", source="### BEGIN SOLUTION", exercise=id, points=1.0)
        for id, role in roles
    ]
    sheet = Sheet("own", {}, tuple(cells), "")
    assert list(sheet.exercises) == ["q1-test", "q2-test", "essay"]
    assert (sheet.homes["q1"], sheet.homes["q2"]) == ("q1-test", "q2-test")
    notebook = {"cells": [{"id": "q2", "cell_type": "code", "source": "x"}]}
    groups, _ = feedback._cells_by_exercise({"notebook": notebook}, sheet)
    assert groups == {"q2-test": notebook["cells"]}


HOSTILE = {
    "a tag": "<script>alert(1)</script>",
    "an end of what holds it": "</pre></td></title></style><img src=x onerror=alert(1)>",
    "an end of an attribute": '" onmouseover="alert(1)" x=\'',
    "a template": "{{ 7 * 7 }}{% include 'style.css' %}{# gone #}",
    "an entity": "&lt;b&gt; &amp;#60;",
    "terminal codes": "\x1b[31mred\x1b[0m\x00\x07",
    "a turned direction": "a\u202eb\u2066c",
    "half a letter": "\ud800",
}


def replaced(value, text):
    """`value` with every text in it, keys aside, replaced; what says which kind a thing is stays."""
    if isinstance(value, dict):
        return {
            name: each if name in ("key", "status", "exercise", "kind") else replaced(each, text)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [replaced(each, text) for each in value]
    return text if isinstance(value, str) else value


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_text_in_every_field_of_every_page_stays_a_text(tmp_path, text):
    from dataclasses import replace

    from fercourse.course.running.page import write_run_page

    write(tmp_path / "solution.ipynb", solution())
    sheet = read_sheet(tmp_path / "solution.ipynb")
    told = {"fercourse": {"sheet": text, "title": text, "exercises": {id: {"title": text} for id in sheet.exercises}}}
    cells = tuple(replace(cell, source=text) if cell.role == "hand" else cell for cell in sheet.cells)
    sheet = replace(sheet, solved={"metadata": told}, cells=cells)
    hand_in(tmp_path, "anna", total="def total(values):\n    return 7")
    row = graded(tmp_path)["anna"]
    row = replaced(row, text) | {"by_hand": row["by_hand"], "remarks": [text], "status": f"not graded {text}"}
    outputs = [{"output_type": "stream", "text": text}, {"output_type": "error", "ename": text, "evalue": text}]
    shown = [{"cell_type": "code", "id": text, "source": text, "outputs": outputs}]
    shown += [{"cell_type": "markdown", "id": "00-5-answer", "source": text}]
    result = {"notebook": {"cells": shown}, "answers": dict.fromkeys(sheet.answers, text), "timed_out": True}
    result["guesses"] = [{"id": text, "right": True, "brier": 0.1}]
    group = SimpleNamespace(students=["anna", "anna"], share=1, answers=list(sheet.answers), identical=[text])
    where = tmp_path / "marks"
    feedback.write_feedback(where / "feedback.html", row, result, sheet)
    feedback.write_rubric(where / "rubric.html", sheet)
    class_report.write_report(
        where / "report.html", [row], sheet=sheet, results={"anna": result}, groups=[group], about={text: text}
    )
    claim = {"id": text, "status": "held", "sentence": text, "source": text, "fingerprint": text}
    figure = {"name": text, "value": text, "unit": text, "low": text, "high": text, "n": text, "source": text}
    stamp = {"source": text, "device": text}
    record = {"lesson": "feedback/1", "status": "failed", "seconds": 1.0, "scale": text, "data": text, "seed": text}
    record |= {"stamp": stamp, "error": {"cell": text, "ename": text, "evalue": text}, "pictures": []}
    write_run_page(where / "run.html", [record | {"claims": [claim], "figures": [figure]}])
    for name in ("feedback.html", "rubric.html", "report.html", "run.html"):
        found = page(tmp_path, name)
        assert " ".join(coloured.clean(text).split()) in " ".join(found.text.split())
        assert coloured.clean(found.source) == found.source
