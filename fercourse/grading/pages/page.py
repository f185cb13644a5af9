"""What the feedback pages and the class report share: one page, one style, no scripts, nothing from elsewhere."""

from html import escape

from fercourse.files import written_aside
from fercourse.grading.text import clean

# Should anything of a student's get past the escaping, the browser neither runs nor loads it.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
STYLE = """\
:root {
  color-scheme: light dark;
  --ink: #1d2126; --quiet: #626a73; --line: #dde1e6; --paper: #fcfcfa; --panel: #f3f4f2; --link: #1f5fa8;
  --good: #1c7a4a; --bad: #b3261e; --open: #8a6100; --bar: #7f9fc4;
  --word: #8b2f6b; --text: #1c6b47; --note: #7b8188; --figure: #1f5fa8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e4e6e9; --quiet: #9aa2ab; --line: #343a41; --paper: #16191d; --panel: #1f2329; --link: #86b8f2;
    --good: #6bcf9b; --bad: #ff8a80; --open: #e6bb55; --bar: #5d80ab;
    --word: #e59ccb; --text: #8fd3ac; --note: #8b939c; --figure: #86b8f2;
  }
}
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, "Segoe UI", sans-serif; }
main { max-width: 58rem; margin: 0 auto; padding: 3rem 1.25rem 5rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .3rem; letter-spacing: -.01em; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.8rem 0 .6rem; display: flex; gap: 1rem; justify-content: space-between; }
h2 > span + span { white-space: nowrap; }
h3 { font-size: .95rem; margin: 1.4rem 0 .4rem; color: var(--quiet); font-weight: 600; }
p { margin: .5rem 0; max-width: 44rem; }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
.quiet { color: var(--quiet); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; color: var(--quiet); }
th, td { padding: .4rem 1.1rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td { overflow-wrap: anywhere; }
td:last-child, th:last-child { padding-right: 0; }
.number { text-align: right; white-space: nowrap; overflow-wrap: normal; }
.short { white-space: nowrap; }
.marks table { table-layout: fixed; }
.marks td:nth-child(1) { width: 10rem; } .marks td:nth-child(2) { width: 4.5rem; }
.good { color: var(--good); } .bad { color: var(--bad); } .open { color: var(--open); }
.status { font-weight: 600; white-space: nowrap; }
pre { margin: .5rem 0 0; padding: .7rem .9rem; background: var(--panel); border-radius: 4px; white-space: pre-wrap;
  overflow-wrap: anywhere; font: .84rem/1.5 ui-monospace, Menlo, Consolas, monospace; }
pre.output { background: none; border-left: 2px solid var(--line); border-radius: 0; margin-top: .2rem;
  max-height: 24rem; overflow-y: auto; }
pre.error { border-left-color: var(--bad); }
pre.words { font: 1rem/1.5 system-ui, "Segoe UI", sans-serif; }
code { font: .9em ui-monospace, Menlo, Consolas, monospace; }
pre .k { color: var(--word); } pre .s { color: var(--text); } pre .c { color: var(--note); font-style: italic; }
pre .n { color: var(--figure); }
img { max-width: 100%; background: #fff; border-radius: 4px; margin-top: .4rem; }
ul { margin: .4rem 0; padding-left: 1.2rem; max-width: 44rem; }
li { overflow-wrap: anywhere; margin: .2rem 0; }
details { margin: .5rem 0; }
summary { cursor: pointer; color: var(--link); overflow-wrap: anywhere; }
.sides { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; }
.sides > div { min-width: 0; }
svg text { fill: var(--quiet); font-size: 12px; }
svg .bar { fill: var(--bar); }
svg .axis { stroke: var(--line); }
@media (max-width: 40rem) {
  .sides { grid-template-columns: 1fr; }
  table, tbody { display: block; }
  tr { display: flex; flex-wrap: wrap; column-gap: 1rem; border-bottom: 1px solid var(--line); padding: .4rem 0; }
  th, td { border: 0; padding: 0; }
  th:first-child, td:first-child, .marks td:nth-child(1) { flex: 1; width: auto; }
  .marks td:nth-child(2) { width: auto; }
  th:last-child:not(.number), td:last-child:not(.number) { flex-basis: 100%; }
  th.number, td.number { min-width: 4rem; }
}
"""


def write_page(path, title, body):
    """Write a page; `body`: blocks of HTML, empty ones left out. Everything in it is escaped already."""
    text = "\n".join(
        [
            '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{safe(title)}</title>\n<style>\n{STYLE}</style>\n<main>",
            *filter(None, body),
            "</main>\n</html>\n",
        ]
    )
    with written_aside(path) as aside:
        aside.write_text(text, encoding="utf-8")


def safe(text):
    """A student's text as HTML: without control characters, escaped."""
    return escape(clean(text))


def table(heads, rows):
    """A table of cells that are HTML. Heads that end in "#" are columns of numbers, in "!" columns that do not wrap."""
    kinds = [{"#": ' class="number"', "!": ' class="short"'}.get(head[-1:], "") for head in heads]
    names = [head.rstrip("#!") for head in heads]
    lines = [_line("th", names, kinds)] if any(names) else []
    lines += [_line("td", row, kinds) for row in rows]
    return '<div class="wide"><table>\n' + "\n".join(lines) + "\n</table></div>"


def _line(tag, cells, kinds):
    return f"<tr>{''.join(f'<{tag}{kind}>{cell}</{tag}>' for kind, cell in zip(kinds, cells, strict=True))}</tr>"


def listed(lines):
    """A list of texts that are not HTML yet; empty where there are none."""
    return "<ul>" + "".join(f"<li>{safe(line)}</li>" for line in lines) + "</ul>" if lines else ""


def mark_class(points, maximum):
    """The colour of a mark: not given yet, full, none; in between it has none."""
    if points is None:
        return "open"
    return "good" if points >= maximum else "bad" if points == 0 else ""
