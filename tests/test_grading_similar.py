"""Similar submissions: copies are found through renaming and reformatting, honest work is not."""

from time import perf_counter

import pytest

from fercourse.grading.similar import similar

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
    pairs = similar({name: {"code": source} for name, source in answers.items()}, solved=SOLVED)
    return [(pair.first, pair.second) for pair in pairs]


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


def test_copied_prose_is_found_and_the_words_for_word_answers_are_named():
    prose = " ".join(f"word{number}" for number in range(60))
    answers = {
        "anna": {"words": prose},
        "bob": {"words": f"  {prose.title()} "},
        "cleo": {"words": prose, "code": HONEST},
    }
    first, second, _ = similar(answers, solved=SOLVED)
    assert {first.answers, second.answers} == {("words",)}
    assert ("anna", "cleo", ("words",)) in [(pair.first, pair.second, pair.identical) for pair in (first, second)]


@pytest.mark.parametrize(
    "hostile",
    ["(" * 20_000, "-" * 20_000, "x" * 10**7, "'" * 999, "\x00\ud800", "a = [\n" * 5000, "if x:\n  y\n z", "é = ١"],
)
def test_whatever_a_student_writes_is_compared_in_bounded_time(hostile):
    began = perf_counter()
    found(anna=hostile, bob=hostile, cleo=ORIGINAL)
    assert perf_counter() - began < 3


def test_a_class_of_two_hundred_is_compared_in_seconds():
    answers = {f"s{number:03}": {"code": ORIGINAL.replace("0", str(number))} for number in range(200)}
    began = perf_counter()
    similar(answers, solved=SOLVED)
    assert perf_counter() - began < 10
