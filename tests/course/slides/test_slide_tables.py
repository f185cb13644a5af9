"""Tables on slides: what is left out is counted, and what stays can be read."""

import re

import pytest

from fercourse.course.slides.tables import SMALLEST, fitted, read_table


def html_of(rows, columns, cell="x"):
    head = "".join(f"<th>column {n}</th>" for n in range(columns))
    body = "".join(f"<tr>{''.join(f'<td>{cell} {row}</td>' for _ in range(columns))}</tr>" for row in range(rows))
    return f"<table><tr>{head}</tr>{body}</table>"


@pytest.mark.parametrize("rows", [3, 9, 10, 14, 40, 120])
def test_rows_shown_and_rows_said_to_be_left_out_are_all_rows(rows):
    shown = fitted(read_table(html_of(rows, 3)))
    said = re.search(r"… ([\d,]+) rows? left out", shown)
    there = {int(number) for number in re.findall(r"<td[^>]*>x (\d+)</td>", shown)}
    assert len(there) + (int(said[1]) if said else 0) == rows
    assert {0, rows - 1} <= there, "the first and the last row stay"
    assert bool(said) == (rows > 10)


def test_columns_that_no_hall_can_read_are_left_out_and_counted():
    shown = fitted(read_table(html_of(3, 30)))
    (said,) = re.findall(r"(\d+) columns left out", shown)
    heads = re.findall(r"<th[^>]*>column (\d+)</th>", shown)
    assert len(heads) + int(said) == 30
    assert heads[-1] == "29"
    assert int(re.search(r"font-size: (\d+)px", shown)[1]) >= SMALLEST


def test_a_short_table_with_long_texts_breaks_them_for_larger_letters_and_never_breaks_short_ones():
    cell = "25.0 % (22.4–27.8, n = 1,000)"
    few, many = (fitted(read_table(html_of(rows, 3, cell=cell))) for rows in (2, 9))
    sizes = [int(re.search(r"font-size: (\d+)px", each)[1]) for each in (few, many)]
    assert sizes[0] >= 26 > 20 >= sizes[1]
    assert few.count('class="whole"') == few.count("<th") == 3, "heads are short, the other cells are not"
    assert "25.0\N{NO-BREAK SPACE}%" in few


def test_long_texts_make_rows_higher_so_fewer_of_them_fit():
    few = fitted(read_table(html_of(9, 2, cell="a long text " * 12)))
    assert "rows left out" in few
    assert "rows left out" not in fitted(read_table(html_of(9, 2)))
