"""The two documents that are measured, as each server wants them asked, and their answers."""

from dataclasses import dataclass
from typing import Any

import orjson

CHECK = """query LendersCheck($number: String!) {
  certificate(by: {number: $number}) {
    number productName effectiveStatus effectiveEnd holder { name }
    pledges { status rank securedAmount { amountMinor currency } pledgee { name } }
  }
}"""
PAGE = """query Page($industry: String!, $after: String) {
  certificates(filter: {industry: $industry, effectiveStatus: [ACTIVE]}, first: 50, after: $after) {
    nodes {
      number productName effectiveStatus effectiveEnd holder { name }
      offers(first: 3) { nodes { name kind price { amountMinor currency } } }
    }
    pageInfo { hasNextPage endCursor }
  }
}"""
# PostGraphile names roots and orders by tables; what it answers is the same.
CHECK_OF_POSTGRAPHILE = """query LendersCheck($number: String!) {
  certificate: certificateByNumber(number: $number) {
    number productName effectiveStatus effectiveEnd holder { name }
    pledges: pledgesList(orderBy: [PLACED_AT_DESC, ROW_ID_DESC]) {
      status rank securedAmount { amountMinor currency } pledgee { name }
    }
  }
}"""
PAGE_OF_POSTGRAPHILE = """query Page($industry: String!, $after: Cursor) {
  certificates: allCertificates(
    condition: {industry: $industry, effectiveStatus: "ACTIVE"}
    orderBy: [ISSUED_AT_DESC, ROW_ID_DESC], first: 50, after: $after
  ) {
    nodes {
      number productName effectiveStatus effectiveEnd holder { name }
      offers(first: 3, orderBy: [PUBLISHED_AT_DESC, ROW_ID_DESC]) {
        nodes { name kind price { amountMinor currency } }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}"""


@dataclass(frozen=True, slots=True)
class Spelling:
    """Where a server takes the two questions, and in what words; by hand there are none."""

    check_at: str
    page_at: str
    check: str | None
    page: str | None


def body_of(document: str | None, **variables: Any) -> bytes:
    said = {} if document is None else {"query": document}
    return orjson.dumps(said | {"variables": variables})


GRAPHQL = Spelling("/graphql", "/graphql", CHECK, PAGE)
POSTGRAPHILE = Spelling("/graphql", "/graphql", CHECK_OF_POSTGRAPHILE, PAGE_OF_POSTGRAPHILE)
BY_HAND = Spelling("/by-hand/check", "/by-hand/page", None, None)


def alike(answer: Any) -> Any:
    """An answer without what peers spell otherwise: instants to the second, no cursors."""
    if isinstance(answer, dict):
        return {name: _alike(name, value) for name, value in answer.items()}
    return [alike(each) for each in answer] if isinstance(answer, list) else answer


def _alike(name: str, value: Any) -> Any:
    if name == "effectiveEnd":
        return value[:19]
    if name == "endCursor":
        return value is not None
    return alike(value)
