"""Identifiers of records: a prefix that names the kind, then 128 random bits."""

from enum import StrEnum
from uuid import uuid4


class Kind(StrEnum):
    """Every kind of record that has an identifier; `node(id)` finds its view by the prefix."""

    PARTY = "party"
    MEMBER = "member"
    DOCUMENT = "document"
    APPLICATION = "application"
    ANNOUNCEMENT = "announcement"
    OBJECTION = "objection"
    CERTIFICATE = "certificate"
    ENCUMBRANCE = "encumbrance"
    CONSENT = "consent"
    FREEZE = "freeze"
    LISTING = "listing"
    OFFER = "offer"
    NEGOTIATION = "negotiation"
    LICENSE = "license"
    PLEDGE = "pledge"


def new_id(kind: Kind) -> str:
    return f"{kind}_{uuid4().hex}"


_BY_PREFIX = {str(kind): kind for kind in Kind}


def kind_of(identifier: str) -> Kind | None:
    """The kind an identifier claims to be of; None when it has no prefix we know."""
    prefix, _, _ = identifier.rpartition("_")
    return _BY_PREFIX.get(prefix)
