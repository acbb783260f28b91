"""Documents the register trusts, since it ships with them: what its visitors ask most.

They are planned before the first request comes, and may be named by their hash instead of being
sent (GraphQL over HTTP, Appendix A: Persisted Documents).
"""

from hashlib import sha256
from importlib.resources import files
from typing import NamedTuple


class TrustedDocument(NamedTuple):
    """`name` is that of its file, without the ending."""

    name: str
    text: str

    @property
    def id(self) -> str:
        return f"sha256:{sha256(self.text.encode()).hexdigest()}"


def _shipped() -> list[TrustedDocument]:
    found = [
        TrustedDocument(file.name.removesuffix(".graphql"), file.read_text(encoding="utf-8"))
        for file in files("api").joinpath("trusted").iterdir()
        if file.name.endswith(".graphql")
    ]
    return sorted(found)


TRUSTED = {document.id: document for document in _shipped()}
