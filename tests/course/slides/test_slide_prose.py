"""What of a lesson's prose stands on a slide: whole sentences of the lesson, few enough to be read from afar."""

import pytest

from fercourse.course.slides.prose import (
    WORDS,
    blocks,
    caption_of,
    claimed_of,
    fuller,
    key_sentence,
    points,
    sentences,
    words,
)


@pytest.mark.parametrize(
    ("paragraph", "expected"),
    [
        ("One. Two is\nlonger. Three?", ["One.", "Two is longer.", "Three?"]),
        ("It ends so. <!-- 01.a --> The next.", ["It ends so. <!-- 01.a -->", "The next."]),
        ("Losses of 1.95, e.g. Smith's. Then more.", ["Losses of 1.95, e.g. Smith's.", "Then more."]),
        ("See (one. Two.) Next.", ["See (one. Two.)", "Next."]),
        ("**What to remember.** Look first. Then train.", ["**What to remember.** Look first.", "Then train."]),
        ("`fit` stops. `fc.fit` does not.", ["`fit` stops.", "`fc.fit` does not."]),
    ],
)
def test_a_paragraph_falls_into_its_sentences_and_each_keeps_the_mark_of_its_claim(paragraph, expected):
    assert sentences(paragraph) == expected


def test_a_cell_of_markdown_falls_into_headings_paragraphs_lists_tables_and_code():
    cell = "## Head\nText\nmore.\n\n- one\n- two\n\n| a |\n|---|\n\n```\n# no heading\n\nx\n```"
    kinds = [(block.kind, block.text.split("\n")[0]) for block in blocks(cell)]
    assert kinds == [
        ("heading", "## Head"),
        ("paragraph", "Text"),
        ("list", "- one"),
        ("table", "| a |"),
        ("code", "```"),
    ]


def test_the_sentence_of_a_slide_is_the_one_that_explains_a_term_or_else_the_first_without_mark_and_address():
    assert key_sentence("We need a bend. **ReLU** is [one](../x.md). <!-- 02.a -->") == "**ReLU** is one."
    assert key_sentence("First, as [A](a.md#b) has it. Second.") == "First, as A has it."


def test_what_needs_the_sentence_before_it_is_passed_over_and_so_are_a_few_words():
    assert key_sentence("It is about a point. The best of three networks gains by luck.").startswith("The best")
    assert key_sentence("Many do. Oversampling repeats all of the rare faces.").startswith("Oversampling")
    assert key_sentence("It is all that there is.") == "It is all that there is."
    prose = blocks("It rises at the end. <!-- 02.a --> The loss of new faces rises. <!-- 02.b --> This is next.")
    assert claimed_of(prose) == "The loss of new faces rises."
    assert claimed_of(prose, alone=False) == "It rises at the end."
    assert caption_of(prose, fresh=False) == "The loss of new faces rises."
    assert caption_of(blocks("This comes next."), fresh=False) == ""


def test_points_never_hold_more_words_than_can_be_read_and_their_notes_hold_all_that_was_written():
    prose = blocks(
        "\n\n".join(f"Paragraph {n} has exactly eight words in it. And a second sentence." for n in range(9))
    )
    ((chosen, notes),) = points(prose)
    assert len(chosen) == 5
    assert sum(map(words, chosen)) == WORDS
    assert notes == [block.text for block in prose]


def test_a_point_takes_the_sentence_that_follows_it_along_where_the_slide_has_room():
    first, second = "Pooling makes maps smaller.", "It keeps the largest number."
    paragraph = f"{first} <!-- 03.a --> {second} What of the rest? It is lost."
    assert fuller([first], [paragraph]) == [f"{first} {second}"]
    assert fuller([second], [paragraph]) == [second]  # a question follows
    long = " ".join(["word"] * 38) + "."
    assert fuller([long], [f"{long} {second}"]) == [long]


def test_every_item_of_a_list_stands_on_a_slide_on_as_many_slides_as_it_takes():
    (block,) = blocks("\n".join(f"- Item {n} says **something** in exactly nine words here. More." for n in range(10)))
    made = points([block])
    assert [len(chosen) for chosen, _ in made] == [4, 4, 2]
    assert [point for chosen, _ in made for point in chosen][
        7
    ] == "Item 7 says **something** in exactly nine words here."


def test_beside_an_output_stands_the_sentence_that_a_claim_is_tied_to():
    prose = blocks("The list has weights by turns. Only biases have slopes. <!-- 02.a --> So what?")
    assert claimed_of(prose) == "Only biases have slopes."
    assert claimed_of(blocks("Nothing is claimed here.")) == ""


def test_above_code_stands_what_leads_on_to_it():
    prose = blocks("Weights begin at random. What would zero do? Set all of them to zero.")
    assert caption_of(prose, fresh=False) == "Set all of them to zero."
    assert caption_of(prose, fresh=True) == "Weights begin at random."
