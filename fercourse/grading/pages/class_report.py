"""The class report: how the sheet went, what was hardest, and what an instructor should look at. One page."""

from collections import Counter
from statistics import mean, median

from fercourse.grading.pages.coloured import shown_cell
from fercourse.grading.sheet import GRADER_ERROR, defined_in
from fercourse.grading.tables.lms import is_final
from fercourse.grading.tables.marks import is_open
from fercourse.grading.text import one_line
from fercourse.pages.page import write_page

MOST_GROUPS = 30
MOST_TEXTS = 4  # of one answer of a group
LONGEST_SIDE = 4000  # characters of an answer beside another
MOST_GUESSES, LONGEST_GUESS = 50, 60
BINS = 12


def write_report(path, rows, *, sheet, results, groups, about):
    """Write the report.

    rows: of `row_of`, in order. results: key → result, without its notebook. groups: of `similar`.
    about: name → text, how it was graded (sandbox, limits, versions).
    """
    totals, names = [row["total"] for row in rows], {row["key"]: row["student"] for row in rows}
    guesses = _guesses(results)
    values = {
        "sheet": sheet,
        "rows": rows,
        "about": about,
        "graded": sum(row["status"] == "graded" for row in rows),
        "waiting_students": sum(bool(row["by_hand"]) for row in rows),
        "waiting_answers": _waiting_answers(rows),
        "not_final": sum(not is_final(row) for row in rows),
        "mean": mean(totals),
        "median": median(totals),
        "maximum": rows[0]["maximum"],
        "bars": bars(totals, rows[0]["maximum"]),
        "exercises": _exercises(rows, sheet),
        "trouble": _trouble(rows, results, sheet),
        "groups": [_group(group, names, results, sheet) for group in groups[:MOST_GROUPS]],
        "more_groups": len(groups) - MOST_GROUPS,
        "guesses": guesses[:MOST_GUESSES],
        "more_guesses": len(guesses[MOST_GUESSES:]),
    }
    write_page(path, "class_report.html", values)


def bars(totals, maximum):
    """The distribution of totals as bars of a drawing 640 wide: one a point where that is few, else one a twelfth."""
    step = 1 if 1 <= maximum <= 2 * BINS and maximum == int(maximum) else (maximum or 1) / BINS
    places = Counter(min(int(total / step + 1e-9), int(maximum / step + 1e-9)) for total in totals)
    count, most = int(maximum / step + 1e-9) + 1, max(places.values())
    return [_bar(place, 640 / count, places[place], most, begins=round(place * step, 1)) for place in range(count)]


def _bar(place, wide, students, most, *, begins):
    left, height = 20 + place * wide, round(150 * students / most, 1)
    return {
        "begins": begins,
        "students": students,
        "middle": round(left + wide / 2, 1),
        "left": round(left + 2, 1),
        "width": round(wide - 4, 1),
        "top": round(170 - height, 1),
        "height": height,
    }


def _exercises(rows, sheet):
    """How each went, the hardest first; those that wait for a person last, since their means are not known yet."""
    graded = [row for row in rows if row["status"] == "graded"]
    found = [_how_it_went(exercise, graded, sheet) for exercise in sheet.exercises] if graded else []
    found.sort(key=lambda each: (each["waiting"] > 0, each["share"]))
    for place, each in enumerate(found):
        each["is_hardest"] = place == 0 and not each["waiting"] and each["share"] < 1 and len(found) > 1
    return found


def _how_it_went(exercise, rows, sheet):
    """share: mean share of the points; right: share of students with all of them; reason: the most frequent.

    Both shares are of those students whose answers are all marked.
    """
    marked = [row["exercises"][exercise]["points"] for row in rows if not is_open(row, exercise)]
    maximum = rows[0]["exercises"][exercise]["maximum"]
    return {
        "title": sheet.titled(exercise),
        "maximum": maximum,
        "marked": len(marked),
        "waiting": len(rows) - len(marked),
        "share": mean(marked) / maximum if marked and maximum else 0,
        "right": mean(points >= maximum for points in marked) if marked else 0,
        "reason": _reason(exercise, rows),
    }


def _reason(exercise, rows):
    """Why students most often missed points in an exercise, and how many of them."""
    why = Counter(reason for row in rows for reason in _reasons(exercise, row))
    return "".join(f"{reason} ({count})" for reason, count in why.most_common(1))


def _reasons(exercise, row):
    cells = [cell for cell in row["cells"].values() if cell["exercise"] == exercise]
    missed = [cell for cell in cells if cell["points"] is not None and cell["points"] < cell["maximum"]]
    return dict.fromkeys(one_line(cell["why"], longest=140) for cell in missed)


def _waiting_answers(rows):
    waiting = Counter(id for row in rows for id in row["by_hand"])
    return [f"{id}: {count} still to be read" for id, count in sorted(waiting.items())]


def _trouble(rows, results, sheet):
    """Who met an error of the grader itself, handed in nothing readable, or timed out: (title, [(row, remarks)])."""
    failed = [row for row in rows if row["status"] == GRADER_ERROR]
    nothing = [row for row in rows if row["status"] not in ("graded", GRADER_ERROR)]
    slow = [row for row in rows if results.get(row["key"], {}).get("timed_out")]
    return [
        ("The grader itself failed", [(row, row["remarks"]) for row in failed]),
        ("Nothing to grade", [(row, row["remarks"]) for row in nothing]),
        ("Time ran out", [(row, [*row["remarks"], *_slow(row, sheet)]) for row in slow]),
    ]


def _slow(row, sheet):
    """The graded cells that got no answer in time, by the functions that they ask; of who has none all that failed."""
    graded = [(id, cell) for id, cell in row["cells"].items() if cell["kind"] != "hand"]
    failed = [(id, cell) for id, cell in graded if (cell["points"] or 0) < cell["maximum"]]
    slow = [(id, cell) for id, cell in failed if "longer than" in cell["why"]] or failed
    return [f"{id}{_asked(cell['exercise'], sheet)}: {cell['why']}" for id, cell in slow]


def _asked(exercise, sheet):
    names = defined_in(cell.source for id, cell in sheet.answers.items() if sheet.homes.get(id) == exercise)
    return f" ({', '.join(names)})" if names else ""


def _group(group, names, results, sheet):
    """A group of students whose answers are alike, with the answers side by side."""
    *others, last = (names[key] for key in group.students)
    same = f"; {', '.join(group.identical)} word for word" if group.identical else ""
    alike = f"{100 * group.share:.0f} % alike in {', '.join(group.answers)}{same}"
    answers = [_texts(sheet.answers[id], group.students, names, results) for id in group.answers]
    return {"head": f"{', '.join(others)} and {last}: {alike}", "answers": answers}


def _texts(cell, students, names, results):
    """One answer of a group: each different text once, with who wrote it."""
    authors = {}
    for key in students:
        text = results[key]["answers"][cell.id]
        authors.setdefault(tuple(text.split()), (text, []))[1].append(names[key])
    sides = [
        {"who": who, "cell": shown_cell(cell.kind, text, longest=LONGEST_SIDE)}
        for text, who in list(authors.values())[:MOST_TEXTS]
    ]
    return {"id": cell.id, "sides": sides, "more": max(0, len(authors) - MOST_TEXTS)}


def _guesses(results):
    """How often the class guessed right before an answer was shown, and how sure it was; the most frequent by id."""
    found = {}
    for result in results.values():
        for guess in result.get("guesses", []):
            brier = guess.get("brier")
            if isinstance(guess.get("right"), bool) and isinstance(brier, (int, float)) and 0 <= brier <= 1:
                id = one_line(guess.get("id", ""), longest=LONGEST_GUESS)
                found.setdefault(id, []).append((guess["right"], brier))
    return [
        {"id": id, "made": len(made), "right": mean(right for right, _ in made), "brier": mean(b for _, b in made)}
        for id, made in sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    ]
