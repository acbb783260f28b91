"""The nouns of chapter 9: the facts of one event, and which of them are to be erased."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ErasureTerms:
    """Facts, by their names, of event `number` of a subject: a certificate, or another record."""

    subject: str
    number: int
    names: frozenset[str]
