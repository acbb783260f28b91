"""Which type of the contract shows the rows of which view, and which view an identifier is of."""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any, NamedTuple

from services.identifiers import Kind, kind_of
from services.views import Record, View


class Shown(NamedTuple):
    """A type, and the names of the view's fields it is made of."""

    type: type[Any]
    names: frozenset[str]


_SHOWN: dict[int, tuple[View, Shown]] = {}
_KINDS: dict[Kind, View] = {}


def shows(*views: View, kind: Kind | None = None) -> Any:
    """Decorate a strawberry type: it shows the rows of these views.

    The first is where identifiers of this kind are looked up.
    """

    def remember(cls: type[Any]) -> type[Any]:
        names = frozenset(each.name for each in fields(cls) if each.init)
        for view in views:
            assert id(view) not in _SHOWN, view.name
            _SHOWN[id(view)] = (view, Shown(cls, names))
        if kind is not None:
            assert kind not in _KINDS, kind
            _KINDS[kind] = views[0]
        return cls

    return remember


def type_of(view: View) -> type[Any]:
    return _SHOWN[id(view)][1].type


def types_and_views() -> list[tuple[type[Any], View]]:
    """Every type that is read through a view, with each of its views."""
    return [(shown.type, view) for view, shown in _SHOWN.values()]


def view_of(identifier: str) -> View | None:
    """Where the record with this identifier would be seen."""
    kind = kind_of(identifier)
    return None if kind is None else _KINDS.get(kind)


def shown(view: View, record: Record | None) -> Any:
    """A record as its GraphQL type; None stays None."""
    if record is None:
        return None
    cls, names = _SHOWN[id(view)][1]
    return cls(**{name: _listed(value) for name, value in record.items() if name in names})


def _listed(value: Any) -> Any:
    """A set has no order of its own: its names come in that in which they are kept."""
    return sorted(value) if isinstance(value, frozenset) else value


def shown_all(view: View, records: Iterable[Record]) -> list[Any]:
    return [shown(view, record) for record in records]
