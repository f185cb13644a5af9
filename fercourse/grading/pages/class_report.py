"""The class report: how the sheet went, what was hardest, and what an instructor should look at. One page."""

import re
from collections import Counter
from statistics import mean, median

from fercourse.grading.pages.coloured import code, words
from fercourse.grading.pages.page import listed, mark_class, safe, table, write_page
from fercourse.grading.sheet import GRADER_ERROR
from fercourse.grading.tables.lms import is_final
from fercourse.grading.tables.marks import is_open
from fercourse.grading.text import number, one_line

MOST_GROUPS = 30
MOST_TEXTS = 4  # of one answer of a group
LONGEST_SIDE = 4000  # characters of an answer beside another
MOST_GUESSES, LONGEST_GUESS = 50, 60
BINS = 12


def write_report(path, rows, *, rubric, results, groups, about):
    """Write the report.

    rows: of `row_of`, in order. results: key → result, without its notebook. groups: of `similar`.
    about: name → text, how it was graded (sandbox, limits, versions).
    """
    body = [
        f"<h1>{safe(rubric.title)}</h1>",
        _summary(rows),
        "<h2>Distribution</h2>",
        histogram([row["total"] for row in rows], rows[0]["maximum"]),
        _exercises(rows, rubric),
        _by_hand(rows),
        _trouble(rows, results, rubric),
        _groups(groups, rows, results, rubric),
        _guesses(results),
        _students(rows),
        "<h2>How it was graded</h2>",
        table(["", ""], [(f'<span class="short">{safe(name)}</span>', safe(text)) for name, text in about.items()]),
    ]
    write_page(path, f"Class report · {rubric.title}", body)


def _summary(rows):
    totals = [row["total"] for row in rows]
    graded = sum(row["status"] == "graded" for row in rows)
    waiting = sum(bool(row["by_hand"]) for row in rows)
    open_part = f" {waiting} of them with answers that still wait for a person, counted as 0." if waiting else ""
    return (
        f'<p class="quiet">{len(rows)} student{"s" if len(rows) != 1 else ""}, {graded} graded.{open_part} '
        f"Mean {mean(totals):.1f}, median {number(median(totals))} of {number(rows[0]['maximum'])} points.</p>"
    )


def histogram(totals, maximum):
    """The distribution of totals as an inline SVG: a bar a point where that is few, else a bar a twelfth."""
    step = 1 if 1 <= maximum <= 2 * BINS and maximum == int(maximum) else (maximum or 1) / BINS
    places = Counter(min(int(total / step + 1e-9), int(maximum / step + 1e-9)) for total in totals)
    count, most = int(maximum / step + 1e-9) + 1, max(places.values())
    wide, high = 640 / count, 150
    pieces = []
    for place in range(count):
        height = high * places[place] / most
        left, top = 20 + place * wide, high + 20 - height
        middle = f'x="{left + wide / 2:.1f}" text-anchor="middle"'
        pieces.append(f'<text {middle} y="{high + 38}">{number(round(place * step, 1))}</text>')
        if places[place]:
            size = f'width="{wide - 4:.1f}" height="{height:.1f}"'
            pieces.append(f'<rect class="bar" x="{left + 2:.1f}" y="{top:.1f}" {size} rx="2"/>')
            pieces.append(f'<text {middle} y="{top - 6:.1f}">{places[place]}</text>')
    return (
        f'<svg viewBox="0 0 680 {high + 62}" width="100%" role="img" aria-label="distribution of totals">'
        f'{"".join(pieces)}<line class="axis" x1="20" x2="660" y1="{high + 20}" y2="{high + 20}"/>'
        f'<text x="340" y="{high + 58}" text-anchor="middle">points; above each bar the number of students</text></svg>'
    )


def _exercises(rows, rubric):
    """A table, the hardest exercise first; those that wait for a person last, since their means are not known yet."""
    graded = [row for row in rows if row["status"] == "graded"]
    if not graded:
        return ""
    found = [_how_it_went(exercise, graded) for exercise in rubric.exercises]
    found.sort(key=lambda each: (each["waiting"] > 0, each["share"]))
    lines = []
    for place, each in enumerate(found):
        is_hardest = place == 0 and not each["waiting"] and each["share"] < 1 and len(found) > 1
        name = safe(f"{each['exercise']} {rubric.exercises[each['exercise']]}".strip())
        lines.append(
            (
                f'{name} <span class="bad">hardest</span>' if is_hardest else name,
                number(each["maximum"]),
                f"{each['share'] * each['maximum']:.2f}" if each["marked"] else "",
                f"{100 * each['right']:.0f} %" if each["marked"] else "",
                each["reason"],
            )
        )
    heads = ["exercise", "points#", "mean#", "all right#", "most frequent reason"]
    return "<h2>Exercises</h2>\n" + table(heads, lines)


def _how_it_went(exercise, rows):
    """share: mean share of the points; right: share of students with all of them; reason: the most frequent, as HTML.

    Both shares are of those students whose answers are all marked.
    """
    marked = [row["exercises"][exercise]["points"] for row in rows if not is_open(row, exercise)]
    maximum = rows[0]["exercises"][exercise]["maximum"]
    waiting = len(rows) - len(marked)
    return {
        "exercise": exercise,
        "maximum": maximum,
        "marked": len(marked),
        "waiting": waiting,
        "share": mean(marked) / maximum if marked and maximum else 0,
        "right": mean(points >= maximum for points in marked) if marked else 0,
        "reason": f'<span class="open">{waiting} still to be read</span>' if waiting else _reason(exercise, rows),
    }


def _reason(exercise, rows):
    """Why students most often missed points in an exercise, and how many of them."""
    why = Counter(reason for row in rows for reason in _reasons(exercise, row))
    return "".join(f"{safe(reason)} ({count})" for reason, count in why.most_common(1))


def _reasons(exercise, row):
    cells = [cell for cell in row["cells"].values() if cell["exercise"] == exercise]
    return dict.fromkeys(one_line(cell["why"], longest=140) for cell in cells if cell["points"] < cell["maximum"])


def _by_hand(rows):
    """How many answers wait, where their marks are entered, and who is left out of the uploads until then."""
    waiting = Counter(id for row in rows for id in row["by_hand"])
    if not waiting:
        return ""
    lines = [f"{id}: {count} still to be read" for id, count in sorted(waiting.items())]
    left_out = sum(not is_final(row) for row in rows)
    return (
        "<h2>To be marked by a person</h2>\n<p>Enter the marks in the column <b>mark</b> of <b>by_hand.csv</b>, beside "
        "this page, by <b>rubric.html</b>, and run the same command again. It reads them and grades "
        f"nothing twice. Until then {left_out} of {len(rows)} students are in no file for Moodle or Canvas.</p>\n"
        + listed(lines)
    )


def _trouble(rows, results, rubric):
    """Who timed out and where, handed in nothing readable, or met an error of the grader itself."""
    slow = [row for row in rows if results.get(row["key"], {}).get("timed_out")]
    groups = {
        "The grader itself failed": [(row, ()) for row in rows if row["status"] == GRADER_ERROR],
        "Nothing to grade": [(row, ()) for row in rows if row["status"] not in ("graded", GRADER_ERROR)],
        "Time ran out": [(row, _slow(row, rubric)) for row in slow],
    }
    blocks = [
        f"<h2>{title}</h2>\n"
        + table(["student", "status!", "remarks"], [_student(row)[:1] + _told(row, more) for row, more in group])
        for title, group in groups.items()
        if group
    ]
    return "\n".join(blocks)


def _slow(row, rubric):
    """The graded cells that got no answer in time, by the functions that they ask; of who has none all that failed."""
    graded = [(id, cell) for id, cell in row["cells"].items() if cell["kind"] != "hand"]
    failed = [(id, cell) for id, cell in graded if (cell["points"] or 0) < cell["maximum"]]
    slow = [(id, cell) for id, cell in failed if "longer than" in cell["why"]] or failed
    return [f"{id}{_asked(cell['exercise'], rubric)}: {cell['why']}" for id, cell in slow]


def _asked(exercise, rubric):
    sources = [source for id, (_, source) in rubric.answers.items() if rubric.homes.get(id) == exercise]
    names = re.findall(r"^(?:def|class)\s+(\w+)", "\n".join(sources), re.MULTILINE)
    return f" ({', '.join(names)})" if names else ""


def _told(row, more=()):
    return safe(row["status"]), safe("; ".join([*row["remarks"], *more]))


def _groups(groups, rows, results, rubric):
    """Groups of students whose answers are alike, with the answers side by side."""
    if not groups:
        return ""
    names = {row["key"]: row["student"] for row in rows}
    blocks = [_one_group(group, names, results, rubric) for group in groups[:MOST_GROUPS]]
    left_out = len(groups) - MOST_GROUPS
    more = f"<p>{left_out} more groups are alike.</p>" if left_out > 0 else ""
    return (
        "<h2>Similar submissions</h2>\n<p>Alike after renaming and reformatting, what the solution has in common with "
        "them left out. A reason to look, not a proof.</p>\n" + "\n".join(blocks) + more
    )


def _one_group(group, names, results, rubric):
    *others, last = (names[key] for key in group.students)
    same = f"; {', '.join(group.identical)} word for word" if group.identical else ""
    alike = f"{100 * group.share:.0f} % alike in {', '.join(group.answers)}{same}"
    blocks = [_texts(id, group.students, names, results, rubric) for id in group.answers]
    head = f"{', '.join(others)} and {last}: {alike}"
    return f"<details><summary>{safe(head)}</summary>{''.join(blocks)}</details>"


def _texts(id, students, names, results, rubric):
    """One answer of a group: each different text once, with who wrote it."""
    shown = code if rubric.answers[id][0] == "code" else words
    authors = {}
    for key in students:
        text = results[key]["answers"][id]
        authors.setdefault(tuple(text.split()), (text, []))[1].append(names[key])
    sides = [
        f'<div><p class="quiet">{safe(id)} · {safe(", ".join(who))}</p>{shown(text, longest=LONGEST_SIDE)}</div>'
        for text, who in list(authors.values())[:MOST_TEXTS]
    ]
    more = f"<p>{len(authors) - MOST_TEXTS} more texts.</p>" if len(authors) > MOST_TEXTS else ""
    return f'<div class="sides">{"".join(sides)}</div>{more}'


def _guesses(results):
    """How often the class guessed right before an answer was shown, and how sure it was."""
    found = {}
    for result in results.values():
        for guess in result.get("guesses", []):
            brier = guess.get("brier")
            if isinstance(guess.get("right"), bool) and isinstance(brier, (int, float)) and 0 <= brier <= 1:
                id = one_line(guess.get("id", ""), longest=LONGEST_GUESS)
                found.setdefault(id, []).append((guess["right"], brier))
    if not found:
        return ""
    kept = sorted(found, key=lambda id: (-len(found[id]), id))[:MOST_GUESSES]
    lines = [
        (
            safe(id),
            str(len(made)),
            f"{100 * mean(right for right, _ in made):.0f} %",
            f"{mean(brier for _, brier in made):.2f}",
        )
        for id, made in sorted((id, found[id]) for id in kept)
    ]
    more = f"<p>{len(found) - len(kept):,} more are not shown.</p>" if len(found) > len(kept) else ""
    heads = ["guess", "made#", "right#", "mean Brier score#"]
    scale = "<p>Brier score: 0 is best, 0.25 is a coin held for one.</p>"
    return f"<h2>Guesses</h2>\n{scale}\n{table(heads, lines)}{more}"


def _students(rows):
    return "<h2>Students</h2>\n" + table(
        ["student", "points#", "status!", "remarks"], [(*_student(row), *_told(row)) for row in rows]
    )


def _student(row):
    css = mark_class(None if row["by_hand"] else row["total"], row["maximum"])
    return (
        f'<a href="feedback/{safe(row["key"])}.html">{safe(row["student"])}</a>',
        f'<span class="{css if css == "open" else ""}">{number(row["total"])}</span>',
    )
