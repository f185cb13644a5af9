"""Similar submissions: copies are found through renaming and reformatting, honest work is not."""

from importlib import import_module
from itertools import product
from pathlib import Path
from time import process_time

import pytest

from fercourse.grading.sheet import read_sheet
from fercourse.grading.tables.similar import similar

SOLVED = {
    "code": (
        "code",
        "def softmax(x):\n    e = np.exp(x - x.max(1, keepdims=True))\n    return e / e.sum(1, keepdims=True)\n",
    ),
    "words": ("markdown", "Because the exponential of a large number overflows."),
}
ORIGINAL = """
def softmax(logits):
    '''Rows that sum to one.'''
    out = np.zeros_like(logits)
    for row in range(len(logits)):
        biggest = max(logits[row])
        weights = [np.exp(value - biggest) for value in logits[row]]
        norm = 0
        for weight in weights:
            norm += weight
        for column, weight in enumerate(weights):
            out[row, column] = weight / norm
    return out
"""
COPY = """
# my own work
def softmax( z ):
    print("debug")
    result = np.zeros_like( z )
    for i in range(len(z)):
        m = max(z[i])   # for stability
        ws = [
            np.exp(v - m)
            for v in z[i]
        ]
        total = 0
        for w in ws: total += w
        for j, w in enumerate(ws):
            result[i, j] = w/total
    return (result)
"""
HONEST = """
def softmax(logits):
    shifted = logits - np.repeat(logits.max(axis=1), logits.shape[1]).reshape(logits.shape)
    powers = np.power(np.e, shifted)
    sums = np.dot(powers, np.ones((logits.shape[1], 1)))
    answer = []
    while len(answer) < len(logits):
        answer.append(powers[len(answer)] / sums[len(answer)])
    return np.stack(answer)
"""


def found(**answers):
    groups = similar({name: {"code": source} for name, source in answers.items()}, solved=SOLVED)
    return [group.students for group in groups]


def test_a_copy_is_found_through_new_names_new_layout_and_a_line_more():
    assert found(anna=ORIGINAL, bob=COPY, cleo=HONEST) == [("anna", "bob")]


def test_a_copy_that_does_not_run_is_found_too():
    assert found(anna=ORIGINAL, bob=COPY + "\n  (") == [("anna", "bob")]


def test_two_students_who_both_write_what_the_solution_says_are_not_a_pair():
    solved = {"code": ("code", f"{ORIGINAL}\n### BEGIN SOLUTION\n### END SOLUTION")}
    answers = {"anna": {"code": COPY}, "bob": {"code": ORIGINAL}}
    assert similar(answers, solved=solved) == []


def test_short_answers_and_empty_ones_are_no_pair():
    assert found(anna="def f(x):\n    return x * 3 + 1", bob="def f(x):\n    return x * 3 + 1", cleo="", dan="") == []


@pytest.mark.parametrize(("length", "found"), [(20, False), (36, False), (37, True)])
def test_the_same_words_say_something_from_thirty_runs_of_eight_words_on(length, found):
    answers = {name: {"words": prose("same", length)} for name in ("anna", "bob")}
    assert bool(similar(answers, solved=SOLVED)) == found


def test_one_short_function_that_two_write_alike_says_nothing(sheet_03):
    answers = {name: {"03-4-answer": OWN_WAY["03-4-answer"]} for name in ("anna", "bob")}
    assert similar(answers, solved=sheet_03) == []


def test_copied_prose_is_found_and_the_words_for_word_answers_are_named():
    prose = " ".join(f"word{number}" for number in range(60))
    answers = {
        "anna": {"words": prose},
        "bob": {"words": f"  {prose.title()} "},
        "cleo": {"words": f" {prose}\n", "code": HONEST},
    }
    (group,) = similar(answers, solved=SOLVED)
    assert (group.students, group.answers, group.share, group.identical) == (("anna", "bob", "cleo"), ("words",), 1, ())
    (group,) = similar(answers | {"bob": {"words": "none"}}, solved=SOLVED)
    assert (group.students, group.identical) == (("anna", "cleo"), ("words",))


# Three answers of sheet 03 as one student writes them, each another way than the solution.
OWN_WAY = {
    "03-2-answer": """
def conv_output_side(side, kernel, padding, stride):
    padded = side + padding + padding
    places = len(range(0, padded - kernel + 1, stride))
    if places == 0:
        raise ValueError("the kernel does not fit")
    return places
""",
    "03-3-answer": """
def adam(weight, gradients, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    m = v = 0.0
    values = []
    for t, g in enumerate(gradients):
        m += (1 - betas[0]) * (g - m)
        v += (1 - betas[1]) * (g * g - v)
        rate = lr * (1 - betas[1] ** (t + 1)) ** 0.5 / (1 - betas[0] ** (t + 1))
        weight -= rate * m / (v ** 0.5 + eps * (1 - betas[1] ** (t + 1)) ** 0.5)
        values.append(float(weight))
    return values
""",
    "03-4-answer": """
def holds_all(optimizer, model):
    held = [tensor for group in optimizer.param_groups for tensor in group["params"]]
    for tensor in model.parameters():
        if tensor.requires_grad and not any(tensor is other for other in held):
            return False
    return True
""",
}


@pytest.fixture(scope="module")
def sheet_03():
    """What sheet 03 gives: answer id → (kind, stub and solution)."""
    sheet = read_sheet(Path(__file__).parents[3] / "solutions" / "03_cnns_adam_sgd.ipynb")
    return {
        cell.id: (cell.kind, f"{cell.stub}\n{cell.source}") for cell in sheet.cells if cell.role in ("answer", "hand")
    }


def prose(author, length):
    """So many words of an author's own."""
    return " ".join(f"{author}{place}" for place in range(length))


@pytest.mark.parametrize("length", [0, 30, 60, 100, 150, 400])
def test_copied_code_is_found_whatever_the_two_write_in_words(sheet_03, length):
    answers = {name: OWN_WAY | {"03-5-answer": prose(name, length)} for name in ("anna", "bob")}
    (group,) = similar(answers, solved=sheet_03)
    assert (group.students, group.share) == (("anna", "bob"), 1)
    assert group.answers == group.identical == tuple(OWN_WAY)


@pytest.mark.parametrize("copied", ["03-3-answer", "03-5-answer"])
def test_one_copied_answer_is_found_whatever_the_others_are(sheet_03, copied):
    answers = {}
    for name, others in {"anna": ORIGINAL, "bob": HONEST}.items():
        answers[name] = dict.fromkeys(OWN_WAY, others) | {"03-5-answer": prose(name, 100)}
        answers[name][copied] = OWN_WAY.get(copied) or prose("copied", 40)
    (group,) = similar(answers, solved=sheet_03)
    assert group.answers == (copied,)


def test_a_group_that_shares_one_text_is_one_group_and_two_of_them_who_share_more_are_another(sheet_03):
    names = [f"student{number}" for number in range(7)]
    answers = {name: {"03-5-answer": prose("copied", 60), "03-3-answer": prose(name, 90)} for name in names}
    for name in ("student2", "student4"):
        answers[name] |= {"03-3-answer": OWN_WAY["03-3-answer"]}
    pair, everybody = sorted(similar(answers, solved=sheet_03), key=lambda group: len(group.students))
    assert (everybody.students, everybody.answers) == (tuple(names), ("03-5-answer",))
    assert (pair.students, pair.answers) == (("student2", "student4"), ("03-3-answer",))


def test_right_answers_that_people_found_by_themselves_are_no_copies_of_one_another():
    """The right answers that the tests of the exercises have: of each some that differ, one for each student."""
    students = 0
    for path in sorted((Path(__file__).parents[3] / "solutions").glob("*.ipynb")):
        right = import_module(f"answers.lesson_{path.stem[:2]}").RIGHT
        sheet = read_sheet(path)
        solved = {cell.id: (cell.kind, f"{cell.stub}\n{cell.source}") for cell in sheet.cells if cell.role == "answer"}
        known = {id: right.get(id[:4].replace("-", "."), []) for id in solved}
        answers = {
            f"student{number}": {id: found[number] for id, found in known.items() if len(found) > number}
            for number in range(max(map(len, known.values())))
        }
        students += len(answers)
        assert similar(answers, solved=solved) == []
    assert students >= 12


def ways(**choices):
    """Every way to fill in a text: the product of the choices, as a list of dicts."""
    return [dict(zip(choices, found, strict=True)) for found in product(*choices.values())]


SIDE = """
def conv_output_side(side, kernel, padding, stride):
    size = {size}
    if {fits}:
        raise ValueError("it does not fit")
    {last}
"""
HOLDS = """
def holds_all(optimizer, model):
    ids = set()
    for group in optimizer.param_groups:
        {collect}
    {last}
"""
ADAM = """
def adam(weight, gradients, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    m, v, found = 0, 0, []
    for {loop}:
        m = {m}
        v = {v}
        weight = weight - lr * m / (1 - betas[0] ** t) / ((v / (1 - betas[1] ** t)){root} + eps)
        found.append(weight)
    return found
"""


def test_a_class_of_24_who_chose_among_the_same_few_ways_by_themselves_has_no_copies(sheet_03):
    """There are not many ways to write a short function: two who wrote one alike have not copied all."""
    sides = ways(
        size=["side + 2 * padding", "side + padding * 2", "padding + side + padding"],
        fits=["kernel > size", "size < kernel", "size - kernel < 0"],
        last=["return (size - kernel) // stride + 1", "return int((size - kernel) / stride) + 1"],
    )
    holds = ways(
        collect=["ids.update(map(id, group['params']))", "for p in group['params']:\n            ids.add(id(p))"],
        last=[
            "return all(id(p) in ids for p in model.parameters() if p.requires_grad)",
            "for p in model.parameters():\n        if p.requires_grad and id(p) not in ids:\n            return False\n"
            "    return True",
        ],
    )
    adams = ways(
        loop=["t, g in enumerate(gradients, 1)", "t, g in zip(range(1, len(gradients) + 1), gradients)"],
        m=["betas[0] * m + (1 - betas[0]) * g", "m + (g - m) * (1 - betas[0])", "g + betas[0] * (m - g)"],
        v=["betas[1] * v + (1 - betas[1]) * g ** 2", "v + (g * g - v) * (1 - betas[1])"],
        root=[" ** 0.5", ".sqrt()"],
    )
    answers = {
        f"student{number:02}": {
            "03-2-answer": SIDE.format(**sides[number % len(sides)]),
            "03-3-answer": ADAM.format(**adams[number]),
            "03-4-answer": HOLDS.format(**holds[number % len(holds)]),
            "03-5-answer": prose(number, 100),
        }
        for number in range(24)
    }
    assert similar(answers, solved=sheet_03) == []
    answers["student07"] = answers["student21"] | {"03-5-answer": prose("other", 100)}
    assert [group.students for group in similar(answers, solved=sheet_03)] == [("student07", "student21")]


def test_the_untouched_sheet_and_the_solution_are_nobodys_copy(sheet_03):
    sheet = read_sheet(Path(__file__).parents[3] / "solutions" / "03_cnns_adam_sgd.ipynb")
    given = {cell.id: cell for cell in sheet.cells if cell.id in sheet_03}
    for form in ("stub", "source"):
        answers = {name: {id: getattr(cell, form) for id, cell in given.items()} for name in ("anna", "bob")}
        assert similar(answers, solved=sheet_03) == []


@pytest.mark.parametrize(
    "hostile",
    ["(" * 20_000, "-" * 20_000, "x" * 10**7, "'" * 999, "\x00\ud800", "a = [\n" * 5000, "if x:\n  y\n z", "é = ١"],
)
def test_whatever_a_student_writes_is_compared_in_bounded_time(hostile):
    began = process_time()
    found(anna=hostile, bob=hostile, cleo=ORIGINAL)
    assert process_time() - began < 3


def test_a_class_of_two_hundred_is_compared_in_seconds(sheet_03):
    answers = {f"s{number:03}": OWN_WAY | {"03-5-answer": prose(number, 150)} for number in range(200)}
    began = process_time()
    (group,) = similar(answers, solved=sheet_03)
    assert len(group.students) == 200
    assert process_time() - began < 5
