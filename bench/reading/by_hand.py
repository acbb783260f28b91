"""The limit: an endpoint for each question, by hand, one statement each, no GraphQL at all.

Tokens are checked once and remembered. On PostgreSQL over asyncpg, on SQLite over aiosqlite; the
settings are a file named on the command line.
"""

import json
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import aiosqlite
import asyncpg
import jwt
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.reading.statements import CHECK, PAGE, PAGE_AFTER, for_sqlite
from services.clock import SystemClock
from services.tables import EPOCH, MICROSECOND

Ask = Callable[[str, Sequence[Any]], Awaitable[Sequence[Any]]]
PAGE_SIZE = 50
CONNECTIONS = 10
CLOCK = SystemClock()


def now() -> int:
    return (CLOCK.now() - EPOCH) // MICROSECOND


@cache
def signed_in(authorization: str) -> str:
    """Whose token it is, once it has been checked."""
    token = authorization.removeprefix("Bearer ")
    expected = {"issuer": "datatitle", "audience": "datatitle"}
    claims = jwt.decode(token, SETTINGS["key"], algorithms=["EdDSA"], **expected)
    return str(claims["sub"])


def instant(microseconds: int) -> str:
    return (EPOCH + microseconds * MICROSECOND).isoformat().replace("+00:00", "Z")


def as_title(row: Any) -> dict[str, Any]:
    return {
        "number": row["number"],
        "productName": row["product_name"],
        "effectiveStatus": row["effective_status"],
        "effectiveEnd": instant(row["effective_end"]),
        "holder": {"name": row["holder"]},
    }


async def check(request: Request) -> Response:
    signed_in(request.headers["authorization"])
    number = orjson.loads(await request.body())["variables"]["number"]
    rows = await request.app.state.ask(CHECK, (now(), number))
    found = None
    if rows:
        (row,) = rows
        found = as_title(row) | {"pledges": orjson.Fragment(row["pledges"])}
    return answered({"certificate": found})


async def page(request: Request) -> Response:
    signed_in(request.headers["authorization"])
    given = orjson.loads(await request.body())["variables"]
    values = [now(), given["industry"], PAGE_SIZE + 1]
    statement = PAGE
    if given["after"] is not None:
        statement = PAGE_AFTER
        values += orjson.loads(urlsafe_b64decode(given["after"]))
    rows = await request.app.state.ask(statement, values)
    shown = rows[:PAGE_SIZE]
    nodes = [as_title(row) | {"offers": {"nodes": orjson.Fragment(row["offers"])}} for row in shown]
    last = orjson.dumps([shown[-1]["issued_at"], shown[-1]["id"]]) if shown else None
    place = {
        "hasNextPage": len(rows) > PAGE_SIZE,
        "endCursor": None if last is None else urlsafe_b64encode(last).decode(),
    }
    return answered({"certificates": {"nodes": nodes, "pageInfo": place}})


def answered(data: dict[str, Any]) -> Response:
    return Response(orjson.dumps({"data": data}), media_type="application/json")


@asynccontextmanager
async def on_postgresql(app: Starlette) -> AsyncIterator[None]:
    async with asyncpg.create_pool(
        SETTINGS["database"], min_size=CONNECTIONS, max_size=CONNECTIONS
    ) as pool:

        async def ask(statement: str, values: Sequence[Any]) -> Sequence[Any]:
            rows: Sequence[Any] = await pool.fetch(statement, *values)
            return rows

        app.state.ask = ask
        yield


@asynccontextmanager
async def on_sqlite(app: Starlette) -> AsyncIterator[None]:
    async with aiosqlite.connect(SETTINGS["database"]) as connection:
        connection.row_factory = aiosqlite.Row
        await connection.execute("PRAGMA query_only = ON")

        async def ask(statement: str, values: Sequence[Any]) -> Sequence[Any]:
            return list(await connection.execute_fetchall(for_sqlite(statement), values))

        app.state.ask = ask
        yield


def application() -> Starlette:
    routes = [
        Route("/by-hand/check", check, methods=["POST"]),
        Route("/by-hand/page", page, methods=["POST"]),
    ]
    is_elsewhere = SETTINGS["database"].startswith("postgresql")
    return Starlette(routes=routes, lifespan=on_postgresql if is_elsewhere else on_sqlite)


SETTINGS: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))

if __name__ == "__main__":
    uvicorn.run(application(), port=SETTINGS["port"], log_level="warning", access_log=False)
