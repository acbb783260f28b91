"""JSON text made by a database: the same bytes as the printers of the schema make in Python."""

from collections.abc import Sequence
from functools import reduce
from typing import Protocol

import sqlalchemy as sa

from services.reading.selections import Piece, Pieces, Printed, Spelled, Unless, Within
from services.views import Column

MICROSECONDS = sa.literal_column("1000000", sa.Integer)  # In a second.


def _words(text: str) -> Column:
    """A text of ours. SQLAlchemy takes longer for its own literals, and there are many."""
    quoted = text.replace("'", "''")
    return sa.literal_column(f"'{quoted}'", sa.Text)


NULL, ZERO, UTC = map(_words, ("null", "0", "UTC"))


class Words(Protocol):
    """How a database puts texts together. Of null it makes `null`, where nothing else is said."""

    def joined(self, texts: Sequence[Column]) -> Column:
        """Some texts, none of them null."""
        ...

    def listed(self, text: Column, between: str) -> Column:
        """Those of all rows, with a text between; null of no rows."""
        ...

    def json(self, value: Column) -> Column:
        """A text or a number."""
        ...

    def quoted(self, value: Column) -> Column:
        """Digits, or a name of ours."""
        ...

    def truth(self, value: Column) -> Column: ...

    def names(self, value: Column) -> Column:
        """A list of what is kept as one text."""
        ...

    def instant(self, value: Column) -> Column:
        """Microseconds since 1970 as RFC 3339, with a fraction if there is one."""
        ...


class _OnPostgreSQL:
    most_arguments = 100  # Of a function.

    def joined(self, texts: Sequence[Column]) -> Column:
        while len(texts) > self.most_arguments:
            texts = [*map(self.joined, _by(texts, self.most_arguments))]
        return sa.func.concat(*texts, type_=sa.Text)

    def listed(self, text: Column, between: str) -> Column:
        return sa.func.string_agg(text, between, type_=sa.Text)

    def json(self, value: Column) -> Column:
        return sa.func.coalesce(sa.cast(sa.func.to_json(value), sa.Text), NULL)

    def truth(self, value: Column) -> Column:
        return self.json(value)

    def quoted(self, value: Column) -> Column:
        return sa.func.coalesce(_words('"').concat(value).concat(_words('"')), NULL)

    def names(self, value: Column) -> Column:
        return self.json(sa.func.string_to_array(value, ","))

    def instant(self, value: Column) -> Column:
        in_utc = sa.func.timezone(UTC, sa.func.to_timestamp(value // MICROSECONDS))
        beyond = value % MICROSECONDS

        def spelled(seconds: str) -> Column:
            form = f'"\\""YYYY-MM-DD"T"HH24:MI:{seconds}'
            return sa.func.to_char(in_utc, _words(form), type_=sa.Text)

        digits = sa.func.lpad(sa.cast(beyond, sa.Text), 6, ZERO)
        fraction = spelled("SS.").concat(digits).concat(_words('Z"'))
        whole = spelled('SS"Z\\""')
        return sa.func.coalesce(sa.case((beyond == 0, whole), else_=fraction), NULL)


class _OnSQLite:
    most_in_a_chain = 30  # Each makes the expression one deeper, and its depth is bounded.

    def joined(self, texts: Sequence[Column]) -> Column:
        if len(texts) <= self.most_in_a_chain:
            return reduce(lambda before, text: before.concat(text), texts)
        parts = [*map(self.joined, _by(texts, self.most_in_a_chain))]
        return sa.func.printf("%s" * len(parts), *parts, type_=sa.Text)

    def listed(self, text: Column, between: str) -> Column:
        return sa.func.group_concat(text, between, type_=sa.Text)

    def json(self, value: Column) -> Column:
        return sa.func.json_quote(value, type_=sa.Text)

    def quoted(self, value: Column) -> Column:
        return self.json(sa.cast(value, sa.Text))

    def truth(self, value: Column) -> Column:
        return sa.case((value.is_(None), NULL), (value, _words("true")), else_=_words("false"))

    def names(self, value: Column) -> Column:
        quoted = sa.func.replace(self.json(value), ",", '","', type_=sa.Text)
        listed = _words("[").concat(quoted).concat(_words("]"))
        return sa.case((value.is_(None), NULL), (value == "", _words("[]")), else_=listed)

    def instant(self, value: Column) -> Column:
        def spelled(form: str) -> Column:
            seconds = value // MICROSECONDS
            return sa.func.strftime(f'"%Y-%m-%dT%H:%M:{form}', seconds, "unixepoch", type_=sa.Text)

        fraction = spelled("%S.").concat(sa.func.substr(value, -6)).concat(_words('Z"'))
        whole = spelled('%SZ"')
        return sa.func.coalesce(sa.case((value % MICROSECONDS == 0, whole), else_=fraction), NULL)


WORDS: dict[str, Words] = {"postgresql": _OnPostgreSQL(), "sqlite": _OnSQLite()}


def _by(texts: Sequence[Column], size: int) -> list[Sequence[Column]]:
    return [texts[begin : begin + size] for begin in range(0, len(texts), size)]


def text_of(pieces: Pieces, values: Sequence[Column], words: Words) -> Column:
    """All pieces with the values of a row between them."""
    return words.joined([_piece(each, values, words) for each in pieces])


def _piece(piece: Piece, values: Sequence[Column], words: Words) -> Column:
    match piece:
        case str():
            return _words(piece)
        case Within(place):
            return sa.func.coalesce(values[place], NULL)
        case Unless(place, pieces):
            text = text_of(pieces, values, words)
            return sa.case((values[place].is_(None), NULL), else_=text)
        case Spelled(place, before, after):
            parts = [_words(before), sa.type_coerce(values[place], sa.Text), _words(after)]
            return words.json(words.joined(parts))
        case Printed(place, prints):
            return _printed(values[place], prints, words)


def _printed(value: Column, prints: str, words: Words) -> Column:
    if prints == "Instant":
        return words.instant(sa.type_coerce(value, sa.BigInteger))
    if prints == "Boolean":
        return words.truth(value)
    if prints.startswith("[]"):
        return words.names(sa.type_coerce(value, sa.Text))
    if prints == "BigInt" or isinstance(value.type, sa.Enum):
        return words.quoted(sa.type_coerce(value, sa.Text))
    return words.json(value)
