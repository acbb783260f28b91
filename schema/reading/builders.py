"""From rows to an answer: Python made for one plan, without a decision left to be taken.

Each object of an answer has a function of its own. Rows within rows come from the database as JSON:
those of the outermost rows as text, and whatever is within them already taken apart.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import orjson

from schema.reading import plans
from schema.reading.plans import Members, Output, Plan, Root
from schema.reading.printers import EXPRESSIONS, NAMES
from services.reading.questions import Row
from services.reading.selections import Selection
from services.reading.statements import comes_whole

Answers: TypeAlias = Sequence[Sequence[Row]]
Found: TypeAlias = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Builder:
    """Makes the data of an answer. `source` is the code it was made of.

    `build` is given the rows that each of the plan's `selections_of` gave, the parameters by their
    names, and what each of the plan's batch functions gave by its keys.
    """

    source: str
    build: Callable[[Answers, Mapping[str, Any], Found], dict[str, Any]]

    def keys(self, plan: Plan, answers: Answers, told: Mapping[str, Any]) -> list[list[str]]:
        """What each batch function is to be asked for: what it is looked for when it is built."""
        asked = [_Asked() for _ in plan.batches]
        self.build(answers, told, asked)
        return [list(each.keys_asked) for each in asked]


class _Asked(dict[str, Any]):
    """Takes down which keys are looked for, and has none."""

    def __init__(self) -> None:
        super().__init__()
        self.keys_asked: dict[str, None] = {}

    def get(self, key: str, default: Any = None) -> Any:
        self.keys_asked[key] = None
        return default


def selections_of(plan: Plan) -> Iterator[Selection]:
    """All that is asked for a plan, in the order in which its builder takes the answers."""
    for _, root in plan.roots:
        match root:
            case (
                plans.RootOne(selection=selection)
                | plans.RootPage(selection=selection)
                | plans.RootText(selection=selection)
                | plans.RootTextPage(selection=selection)
            ):
                yield selection
            case plans.RootNodes(kinds=kinds):
                for selection, _, _ in kinds:
                    yield selection


def builder_for(plan: Plan, dialect: str) -> Builder:
    writing = _Writing(comes_whole(dialect))
    members = [f"        {key!r}: {writing.root(root)}," for key, root in plan.roots]
    whole = "\n".join(["def build(answers, told, found):", "    return {", *members, "    }"])
    source = "\n\n\n".join([*writing.functions, whole]) + "\n"
    names: dict[str, Any] = {**NAMES, **writing.shows, "loads": orjson.loads}
    exec(compile(source, "<builder>", "exec"), names)  # noqa: S102 - of our own words only.
    return Builder(source, names["build"])


@dataclass(slots=True)
class _Writing:
    """`is_whole`: each question is answered with one JSON text (`statements.comes_whole`)."""

    is_whole: bool
    functions: list[str] = field(default_factory=list)
    shows: dict[str, Any] = field(default_factory=dict)
    questions: int = 0

    def root(self, root: Root) -> str:
        """The expression of a field at the root."""
        match root:
            case plans.RootConstant(value):
                return repr(value)
            case plans.RootOne(_, members):
                show = self._object(members, is_text=not self.is_whole)
                rows = self._answer()
                row = f"loads({rows}[0][0])" if self.is_whole else f"{rows}[0]"
                return f"{show}({row}, found) if {rows} else None"
            case plans.RootPage(_, connection):
                return self._root_page(connection)
            case plans.RootText():
                rows = self._answer()
                return f"Fragment({rows}[0][0]) if {rows} else None"
            case plans.RootTextPage():
                return f"{self._text_page(root)}({self._answer()}[0], found)"
            case plans.RootNodes():
                return self._root_nodes(root)

    def _answer(self) -> str:
        self.questions += 1
        return f"answers[{self.questions - 1}]"

    def _all(self, rows: str) -> str:
        return f"loads({rows}[0][0])" if self.is_whole else rows

    def _root_page(self, connection: plans.Connection) -> str:
        rows = self._answer()
        if connection.place is None:
            show = self._connection(connection, is_text=not self.is_whole)
            return f"{show}({self._all(rows)}, None, found)"
        show = self._connection(connection, is_text=False)
        return f"{show}(loads({rows}[0][0]), {rows}[0][1], found)"

    def _text_page(self, page: plans.RootTextPage) -> str:
        """The name of a function that makes a page of what a `SpelledPage` gives."""
        first, end = page.first, f"cursor(loads({{}}), {page.cursor!r}) if texts else None"
        facts = {
            "has_next_page": f"len(texts) > {first}",
            "has_previous_page": repr(page.begun_later),
            "start_cursor": end.format("ends[0]"),
            "end_cursor": end.format(f"ends[:{first}][-1]"),
        }
        lines = []
        for key, output in page.members:
            is_list = isinstance(output, plans.Nodes)
            shown = f"items(texts[:{first}])" if is_list else _of_place(facts, output)
            lines.append(f"    {key!r}: {shown},")
        parts = ("texts", "ends") if page.cursor else ("texts",)
        split = [f"{name} = split(row[{at}])" for at, name in enumerate(parts)]
        return self._function("row", [*split, "return {", *lines, "}"])

    def _root_nodes(self, root: plans.RootNodes) -> str:
        """Rows begin with their ids."""
        by_id = []
        for _, _, members in root.kinds:
            show = self._object(members, is_text=not self.is_whole)
            rows = self._all(self._answer())
            by_id.append(f"**{{row[0]: {show}(row, found) for row in {rows}}}")
        ids = ", ".join(f"told[{name!r}]" for name in root.ids)
        return f"[*map({{{', '.join(by_id)}}}.get, [{ids}])]"

    def _object(self, members: Members, *, is_text: bool) -> str:
        """The name of a function that makes an object of a row."""
        lines = [f"{key!r}: {self._value(output, is_text=is_text)}," for key, output in members]
        return self._function("row", ["return {", *(f"    {line}" for line in lines), "}"])

    def _function(self, parameter: str, body: Sequence[str]) -> str:
        name = f"show_{len(self.functions)}"
        indented = "\n".join(f"    {line}" for line in body)
        self.functions.append(f"def {name}({parameter}, found):\n{indented}")
        return name

    def _value(self, output: Output, *, is_text: bool) -> str:
        match output:
            case plans.Constant(value):
                return repr(value)
            case plans.Value(place, prints):
                return EXPRESSIONS[prints if prints[:2] != "[]" else "[]"].format(f"row[{place}]")
            case plans.Text(place, text):
                return f"{text!r}.format(row[{place}])"
            case plans.Amount(amount, _, members):
                inner = ", ".join(
                    f"{key!r}: {self._value(each, is_text=is_text)}" for key, each in members
                )
                return f"None if row[{amount}] is None else {{{inner}}}"
            case plans.FromBatch(place, number, shown):
                name = f"show_batch_{len(self.shows)}"
                self.shows[name] = shown
                return f"{name}(found[{number}].get(row[{place}]))"
            case plans.One(place, members):
                show = self._object(members, is_text=False)
                return f"None if row[{place}] is None else {show}({_row(place, is_text)}, found)"
            case plans.Many(place, members):
                show = self._object(members, is_text=False)
                return f"[{show}(each, found) for each in {_row(place, is_text)}]"
            case plans.Connection(place=place, total=total):
                show = self._connection(output, is_text=False)
                of_all = "None" if total is None else f"row[{total}]"
                assert place is not None
                return f"{show}({_row(place, is_text)}, {of_all}, found)"
        raise AssertionError(output)

    def _connection(self, connection: plans.Connection, *, is_text: bool) -> str:
        """The name of a function that makes a page of the rows of one and perhaps one more."""
        lines = [
            f"    {key!r}: {self._of_page(connection, output, is_text=is_text)},"
            for key, output in connection.members
        ]
        return self._function(
            "rows, total",
            [
                f"has_more = len(rows) > {connection.first}",
                f"rows = rows[:{connection.first}] if has_more else rows",
                "return {",
                *lines,
                "}",
            ],
        )

    def _of_page(self, page: plans.Connection, output: Output, *, is_text: bool) -> str:
        match output:
            case plans.Constant(value):
                return repr(value)
            case plans.Count():
                return "total"
            case plans.Nodes(members):
                return f"[{self._object(members, is_text=is_text)}(row, found) for row in rows]"
            case plans.Edges(members):
                inner = ", ".join(
                    f"{key!r}: {self._of_edge(page, each, is_text=is_text)}"
                    for key, each in members
                )
                return f"[{{{inner}}} for row in rows]"
            case plans.PageInfo():
                return _of_place(_facts(page), output)
        raise AssertionError(output)

    def _of_edge(self, page: plans.Connection, output: Output, *, is_text: bool) -> str:
        match output:
            case plans.Constant(value):
                return repr(value)
            case plans.Cursor():
                return f"cursor(row, {page.cursor!r})"
            case plans.Node(members):
                return f"{self._object(members, is_text=is_text)}(row, found)"
        raise AssertionError(output)


def _row(place: int, is_text: bool) -> str:
    return f"loads(row[{place}])" if is_text else f"row[{place}]"


def _facts(page: plans.Connection) -> Mapping[str, str]:
    """What `PageInfo` tells, as expressions."""
    return {
        "has_next_page": "has_more",
        "has_previous_page": repr(page.begun_later),
        "start_cursor": f"cursor(rows[0], {page.cursor!r}) if rows else None",
        "end_cursor": f"cursor(rows[-1], {page.cursor!r}) if rows else None",
    }


def _of_place(facts: Mapping[str, str], output: Output) -> str:
    match output:
        case plans.Constant(value):
            return repr(value)
        case plans.PageFact(name):
            return facts[name]
        case plans.PageInfo(members):
            inner = ", ".join(f"{key!r}: {_of_place(facts, each)}" for key, each in members)
            return f"{{{inner}}}"
    raise AssertionError(output)
