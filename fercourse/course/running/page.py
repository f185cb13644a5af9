"""One page for a run: results.html, self-contained, built from the records and nothing else."""

from base64 import b64encode
from html import escape
from pathlib import Path

from fercourse.course.running.terminal import claim_counts
from fercourse.files import written_aside

STYLE = """\
:root {
  color-scheme: light dark;
  --ink: #1d2126; --quiet: #626a73; --line: #dde1e6; --paper: #fcfcfa; --link: #1f5fa8;
  --good: #1c7a4a; --bad: #b3261e; --open: #8a6100;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e4e6e9; --quiet: #9aa2ab; --line: #343a41; --paper: #16191d; --link: #86b8f2;
    --good: #6bcf9b; --bad: #ff8a80; --open: #e6bb55;
  }
}
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, "Segoe UI", sans-serif; }
main { max-width: 64rem; margin: 0 auto; padding: 3rem 1.25rem 5rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .3rem; letter-spacing: -.01em; }
h2 { font-size: 1.2rem; margin: 2.8rem 0 .6rem; }
h3 { font-size: 1rem; margin: 1.4rem 0 .4rem; }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
.quiet { color: var(--quiet); margin: 0 0 1.6rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; color: var(--quiet); }
th, td { padding: .4rem 1.1rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
.number { text-align: right; white-space: nowrap; }
.status { font-weight: 600; white-space: nowrap; }
.passed, .held { color: var(--good); }
.failed, .claim-failed { color: var(--bad); }
.undecided, .interrupted { color: var(--open); }
.untested { color: var(--quiet); font-weight: 400; }
pre { margin: 0; padding: .7rem .9rem; border-left: 3px solid var(--bad); white-space: pre-wrap;
  overflow-wrap: anywhere; font: .85rem/1.45 ui-monospace, Menlo, Consolas, monospace; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: .9rem; }
.pictures img { width: 100%; height: 11rem; object-fit: contain; background: #fff;
  border: 1px solid var(--line); border-radius: 4px; }
"""


def write_run_page(path, records):
    """Write the page of a run's `records` (as from `read_records`) beside the folders of its lessons."""
    path = Path(path)
    with written_aside(path) as aside:
        aside.write_text(run_page(records, folder=path.parent), encoding="utf-8")


def run_page(records, *, folder):
    """The page as HTML; pictures are read from the lessons' folders in `folder`, and kept inside the page."""
    passed = sum(record["status"] == "passed" for record in records)
    seconds = sum(record["seconds"] for record in records)
    title = f"{passed} of {len(records)} lessons passed"
    body = [
        f"<h1>{title}</h1>",
        f"<p class=quiet>Run <b>{escape(folder.name)}</b>: {_sources(records)}; {seconds:.0f} s of notebooks.</p>",
        _lessons(records),
        _failures(records),
        _claims(records),
        _figures(records),
        _pictures(records, folder),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title} · {escape(folder.name)}</title>\n<style>\n{STYLE}</style>\n<main>\n"
        + "\n".join(filter(None, body))
        + "\n</main>\n</html>\n"
    )


def _sources(records):
    """The data that the figures come from, drawn or real, as the stamps say it."""
    stamps = [record["stamp"] for record in records if record["stamp"]]
    named = sorted({f"{stamp['source']} on {stamp['device']}" for stamp in stamps})
    return escape("; ".join(named)) or "no lesson reached its stamp"


def _table(heads, rows):
    """A table; `heads` that end in "#" are columns of numbers. Cells are HTML already."""
    classes = [' class="number"' if head.endswith("#") else "" for head in heads]
    rows = [_row("th", [head.rstrip("#") for head in heads], classes), *(_row("td", row, classes) for row in rows)]
    return '<div class="wide"><table>\n' + "\n".join(rows) + "\n</table></div>"


def _row(tag, cells, classes):
    filled = [f"<{tag}{kind}>{cell}</{tag}>" for kind, cell in zip(classes, cells, strict=True)]
    return f"<tr>{''.join(filled)}</tr>"


def _status(status):
    return f'<span class="status {status.replace(" ", "-")}">{status}</span>'


def _notebook(record):
    name = escape(record["lesson"])
    return f'<a href="{name}/notebook.ipynb">{name}</a>'


def _lessons(records):
    rows = [
        (
            _notebook(record),
            _status(record["status"]),
            f"{record['seconds']:.1f}",
            _megabytes(record),
            escape(str(record["scale"] or "")),
            escape(str(record["data"] or "")),
            escape(str("" if record["seed"] is None else record["seed"])),
            claim_counts(record),
        )
        for record in records
    ]
    return _table(["lesson", "status", "seconds#", "peak MB#", "scale", "data", "seed#", "claims"], rows)


def _megabytes(record):
    megabytes = (record["stamp"] or {}).get("peak_memory_mb")
    return f"{megabytes:,}" if megabytes else "–"


def _failures(records):
    blocks = [
        f'<div class="failure"><h3>{_notebook(record)} stopped in cell {escape(str(record["error"]["cell"]))}</h3>'
        f"<pre>{escape(record['error']['ename'])}: {escape(record['error']['evalue'])}</pre></div>"
        for record in records
        if record["error"]
    ]
    return "\n".join(["<h2>What failed</h2>", *blocks]) if blocks else ""


def _claims(records):
    rows = [
        (escape(claim["id"]), _status(claim["status"]), escape(claim["sentence"]), _origin(claim))
        for record in records
        for claim in record["claims"]
    ]
    return "<h2>Claims</h2>\n" + _table(["claim", "status", "sentence", "measured on"], rows) if rows else ""


def _origin(item):
    """Where a claim or a figure comes from: data and fingerprint."""
    return escape(" · ".join(str(item[name]) for name in ("source", "fingerprint") if item.get(name)))


def _figures(records):
    rows = [_figure(record, figure) for record in records for figure in record["figures"]]
    heads = ["lesson", "figure", "value#", "interval#", "n#", "measured on"]
    return "<h2>Recorded figures</h2>\n" + _table(heads, rows) if rows else ""


def _figure(record, figure):
    name, n = escape(figure["name"]), figure.get("n")
    return _notebook(record), name, _value(figure), _interval(figure), "" if n is None else str(n), _origin(figure)


def _value(figure):
    return f"{_number(figure['value'])} {escape(figure.get('unit') or '')}".strip()


def _interval(figure):
    low, high = figure.get("low"), figure.get("high")
    return "" if low is None or high is None else f"{_number(low)} – {_number(high)}"


def _number(value):
    return f"{value:.4g}" if isinstance(value, float) else escape(str(value))


def _pictures(records, folder):
    sections = [
        f"<h3>{_notebook(record)}</h3>\n<div class=pictures>"
        + "\n".join(_thumbnail(f"{record['lesson']}/{picture}", folder) for picture in record["pictures"])
        + "</div>"
        for record in records
        if record["pictures"]
    ]
    return "\n".join(["<h2>Pictures</h2>", *sections]) if sections else ""


def _thumbnail(name, folder):
    source = "data:image/png;base64," + b64encode((folder / name).read_bytes()).decode()
    label = escape(Path(name).stem)
    return f'<a href="{escape(name)}"><img src="{source}" alt="{label}" title="{label}" loading="lazy"></a>'
