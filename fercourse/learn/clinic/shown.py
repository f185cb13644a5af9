"""How a score looks in a notebook: its line, a row for each stage, and what it complained of without a reason."""

from html import escape

LEFT = 'style="text-align: left"'
LONGEST = 100  # characters of a complaint


def html_of_score(score):
    """A `Score` as HTML, narrow enough for a phone; bugs that were not caught have numbers instead of names."""
    stages = {}
    for case in score.of("bug"):
        stages.setdefault(case.mutant.stage, []).append(case)
    rows = [_row(stage, cases) for stage, cases in stages.items()]
    head = f"<tr><th {LEFT}>stage</th><th>caught</th><th {LEFT}>bugs not caught yet</th></tr>"
    alarms = [case for case in score.cases if case.kind != "bug" and not case.right]
    listed = "".join(f"<li>{_alarm(case)}</li>" for case in alarms)
    shown = f"<p>False alarms:</p><ul>{listed}</ul>" if alarms else "<p>No false alarm.</p>"
    crashed = [case for case in score.of("bug") if case.verdict.crash]
    crashes = "".join(f"<li>bug {case.number}: {escape(case.verdict.crash[:LONGEST])}</li>" for case in crashed)
    ended = f"<p>Ended with an error, and caught nothing by it:</p><ul>{crashes}</ul>" if crashed else ""
    return f"<p><b>{escape(repr(score))}</b></p><table>{head}{''.join(rows)}</table>{shown}{ended}"


def _row(stage, cases):
    caught = sum(case.right for case in cases)
    missed = ", ".join(str(case.number) for case in cases if not case.right)
    return f"<tr><td {LEFT}>{escape(stage)}</td><td>{caught} of {len(cases)}</td><td {LEFT}>{missed}</td></tr>"


def _alarm(case):
    what = f"the clean pipeline, seed {case.name}" if case.kind == "seed" else case.name
    said = case.verdict.crash or case.verdict.complaints[0]
    return f"{escape(what)}: {escape(said[:LONGEST])}"
