"""The smallest request that still shows a fault: parts are left out as long as it does."""

from collections.abc import Awaitable, Callable, Iterator

from graphql import (
    REMOVE,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    Node,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    print_ast,
    validate,
    visit,
)

from tests.schema.reading.documents_at_random import Asked

REMOVABLE = {"field", "inline_fragment", "fragment_spread", "argument", "directive", "object_field"}


async def smallest(
    asked: Asked, contract: GraphQLSchema, still_fails: Callable[[Asked], Awaitable[bool]]
) -> Asked:
    """Leave out one part after another."""
    while True:
        for fewer in _smaller(asked, contract):
            if await still_fails(fewer):
                asked = fewer
                break
        else:
            return asked


def _smaller(asked: Asked, contract: GraphQLSchema) -> Iterator[Asked]:
    document = parse(asked.document, no_location=True)
    number = 0
    while True:
        without = _Without(number)
        left: Node = visit(document, without)
        if without.number >= 0:  # There are not so many parts.
            return
        number += 1
        for _ in range(2):  # Variables may be used in fragments only.
            left = visit(left, _Tidy(left))
        try:
            text = print_ast(left)
            is_valid = "{}" not in text and not validate(contract, parse(text))
        except Exception:  # noqa: BLE001 - nothing is left of a selection, or of the document.
            continue
        if is_valid:
            used = _names(parse(text), VariableNode)
            sent = {name: value for name, value in asked.variables.items() if name in used}
            yield Asked(text, sent, asked.operation)


class _Without(Visitor):
    """Leaves out the part with this number."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def enter(self, node: Node, *_: object) -> object:
        if node.kind in REMOVABLE:
            self.number -= 1
            if self.number == -1:
                return REMOVE
        return None


class _Tidy(Visitor):
    """Leaves out fragments and variables that nobody uses any more."""

    def __init__(self, document: Node) -> None:
        super().__init__()
        self.spread = _names(document, FragmentSpreadNode)
        self.used = _names(document, VariableNode)

    def enter(self, node: Node, *_: object) -> object:
        if isinstance(node, FragmentDefinitionNode) and node.name.value not in self.spread:
            return REMOVE
        if isinstance(node, VariableDefinitionNode):
            return None if node.variable.name.value in self.used else REMOVE
        return None


def _names(document: Node, kind: type[Node]) -> set[str]:
    """The names of nodes of a kind, but for variables where they are declared."""
    found: set[str] = set()

    class Collect(Visitor):
        def enter(self, node: Node, *_: object) -> object:
            if node.kind == "variable_definition":
                return False
            if isinstance(node, kind):
                found.add(node.name.value)  # They all have one.
            return None

    visit(document, Collect())
    return found
