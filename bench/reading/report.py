"""The findings as tables on the terminal, as a section of the README, and as a chart."""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.reading.findings import Findings, Rate
from bench.reading.servers import OURS

README = Path(__file__).parents[1] / "README.md"
CHART = README.parent / "reading.svg"
BEGIN, END = "<!-- reading: written by make bench -->\n", "<!-- reading: end -->\n"
GOAL_HEADINGS = ("", "goal", "got", "")
RATE_HEADINGS = ("", "", "answers a second", "p50", "p99")


def show(findings: Findings, console: Console) -> None:
    for title, headings, rows in _tables(findings):
        table = Table(*headings, title=title)
        for row in rows:
            table.add_row(*row)
        console.print(table)


def _tables(findings: Findings) -> list[tuple[str, Sequence[str], list[tuple[str, ...]]]]:
    rates = [
        (place, RATE_HEADINGS, [rate.cells() for rate in rates])
        for place, rates in findings.rates.items()
    ]
    return [*rates, ("Goals", GOAL_HEADINGS, [goal.cells() for goal in findings.goals])]


def write_down(findings: Findings) -> None:
    """Put the tables and the chart where they are kept; what is around them stays."""
    CHART.write_text(chart_of(findings), encoding="utf-8")
    before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    README.write_text(
        before + BEGIN + "\n".join(_section(findings)) + END + after, encoding="utf-8"
    )


def _section(findings: Findings) -> Iterable[str]:
    yield (
        f"{findings.size:,} certificates, medians of {findings.rounds} rounds in turn, 32 "
        f"connections where nothing else is said; {findings.machine}, everything on it.\n"
    )
    yield f"![Answers a second]({CHART.name})\n"
    for title, headings, rows in _tables(findings):
        yield f"**{title}**\n"
        yield f"| {' | '.join(headings)} |"
        yield "|" + "---|" * len(headings)
        yield from (f"| {' | '.join(row)} |" for row in rows)
        yield ""
    yield from (f"- {remark}" for remark in findings.remarks)
    yield ""


WIDTH, BAR, LABELS, TOP = 860, 20, 250, 26
OUR_COLOUR, PEER_COLOUR = "#1f5fa8", "#b9c3cf"
STYLE = "text{font:13px sans-serif;fill:#222}.title{font-weight:bold}"


def chart_of(findings: Findings) -> str:
    """Bars of answers a second, one group for each place and question."""
    body, y = list[str](), 8
    for place, rates in findings.rates.items():
        for query in dict.fromkeys(rate.query for rate in rates):
            group = sorted((each for each in rates if each.query == query), key=_by_rate)
            body += _group(f"{place}: {query}, answers a second", group, y)
            y += TOP + BAR * len(group) + 16
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y}" '
        f'viewBox="0 0 {WIDTH} {y}"><style>{STYLE}</style>'
        f'<rect width="{WIDTH}" height="{y}" fill="#fff"/>\n' + "\n".join(body) + "\n</svg>\n"
    )


def _by_rate(rate: Rate) -> float:
    return -rate.rate


def _group(title: str, rates: Sequence[Rate], y: int) -> list[str]:
    longest = WIDTH - LABELS - 80
    lines = [f'<text class="title" x="8" y="{y + 14}">{escape(title)}</text>']
    for place, rate in enumerate(rates):
        top = y + TOP + place * BAR
        width = max(longest * rate.rate / rates[0].rate, 1)
        colour = OUR_COLOUR if rate.server == OURS else PEER_COLOUR
        lines += [
            f'<text x="{LABELS - 8}" y="{top + 13}" text-anchor="end">{escape(rate.server)}</text>',
            f'<rect x="{LABELS}" y="{top + 2}" width="{width:.0f}" height="15" fill="{colour}"/>',
            f'<text x="{LABELS + width + 6:.0f}" y="{top + 13}">{rate.rate:,.0f}</text>',
        ]
    return lines
