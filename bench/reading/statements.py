"""The two questions as somebody would write them down in SQL, for both databases."""

import re
from functools import cache

_END = "LEAST(c.valid_until, c.source_authorised_until, c.ended_at)"
_STATUS = f"""CASE WHEN c.status = 'ACTIVE' AND CAST($1 AS bigint) >= {_END}
  THEN 'EXPIRED' ELSE c.status END"""
# As the planner can weigh it: of the case above it would expect one row in two hundred, and sort.
_IN_FORCE = f"c.status = 'ACTIVE' AND CAST($1 AS bigint) < {_END}"
_TITLE = f"""c.id, c.issued_at, c.number, c.product_name, {_STATUS} AS effective_status,
  {_END} AS effective_end, h.name AS holder"""

CHECK = f"""SELECT {_TITLE}, COALESCE((SELECT json_agg(x.pledge) FROM (
  SELECT json_build_object(
    'status', CASE WHEN p.status = 'REGISTERED' AND {_STATUS} <> 'ACTIVE'
      THEN 'IMPAIRED' ELSE p.status END,
    'rank', CASE WHEN p.status = 'REGISTERED' THEN (
      SELECT count(*) FROM pledges AS s WHERE s.certificate_id = p.certificate_id
        AND s.status = 'REGISTERED' AND s.sequence <= p.sequence) END,
    'securedAmount', json_build_object(
      'amountMinor', CAST(p.amount_minor AS text), 'currency', p.currency),
    'pledgee', json_build_object('name', l.name)) AS pledge
  FROM pledges AS p JOIN parties AS l ON l.id = p.pledgee_id
  WHERE p.certificate_id = c.id AND p.sequence IS NOT NULL
  ORDER BY p.placed_at DESC, p.id DESC) AS x), '[]') AS pledges
FROM certificates AS c JOIN parties AS h ON h.id = c.holder_id WHERE c.number = $2"""  # noqa: S608 - made of its own words only.


def _page(place: str) -> str:
    return f"""SELECT {_TITLE}, COALESCE((
  SELECT json_agg(json_build_object('name', o.name, 'kind', o.kind, 'price', json_build_object(
    'amountMinor', CAST(o.price_minor AS text), 'currency', o.price_currency)))
  FROM (SELECT * FROM offers WHERE certificate_id = c.id AND status = 'PUBLISHED'
    ORDER BY published_at DESC, id DESC LIMIT 3) AS o), '[]') AS offers
FROM (SELECT * FROM certificates AS c WHERE c.industry = $2 AND {_IN_FORCE} {place}
  ORDER BY c.issued_at DESC, c.id DESC LIMIT $3) AS c
JOIN parties AS h ON h.id = c.holder_id ORDER BY c.issued_at DESC, c.id DESC"""  # noqa: S608 - the same.


PAGE = _page("")
PAGE_AFTER = _page("AND (c.issued_at, c.id) < (CAST($4 AS bigint), $5)")

_LATEST = 9_223_372_036_854_775_807  # What is null never comes first.
_ON_SQLITE = {
    _END: f"MIN(c.valid_until, COALESCE(c.source_authorised_until, {_LATEST}), "
    f"COALESCE(c.ended_at, {_LATEST}))",
    "json_build_object": "json_object",
    "json_agg(x.pledge)": "json_group_array(json(x.pledge))",
    "json_agg": "json_group_array",
}


@cache
def for_sqlite(statement: str) -> str:
    """The same in SQLite's words."""
    for ours, its in _ON_SQLITE.items():
        statement = statement.replace(ours, its)
    return re.sub(r"\$(\d)", r"?\1", statement)
