"""No trusted document makes a database look at a whole table: each row is found by an index."""

import json
import sqlite3
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from functools import partial
from os import environ

import asyncpg
import pytest

from api.trusted_documents import TRUSTED
from bench.reading.loading import load_postgresql, load_sqlite
from bench.reading.rows import INDUSTRIES, MadeUp
from schema import schema
from schema.reading.documents import Documents
from schema.reading.planning import Contract
from schema.reading.reader import compiled_for
from services.actors import Actor, Role
from services.postgresql import libpq_url
from services.tables import EPOCH, MICROSECOND
from services.views import told
from tests.cluster.fleet import Installation
from tests.databases import is_sqlite

NOW = datetime(2026, 6, 1, tzinfo=UTC)
# CERTIFICATES=1000000 for a large one, which takes some minutes.
FEW = 50
SIZE = int(environ.get("CERTIFICATES", "20000"))
REGISTER = MadeUp(certificates=SIZE, now=(NOW - EPOCH) // MICROSECOND)
CONTRACT = Contract.of(schema)
ASKERS = {
    "the public": None,
    "a lender": Actor("reader", REGISTER.asking, frozenset({Role.LENDER})),
    "an examiner": Actor("reader", REGISTER.asking, frozenset({Role.EXAMINER})),
}
# Whatever stands in the others is little, and best read whole.
FULL = {table.name for table in REGISTER.tables() if table.size > 1_000}
SCANS = {f"Seq Scan on {name}" for name in FULL}
SORTED = {f"Limit Sort of {name}" for name in FULL}
GIVEN = {"number": REGISTER.number(7), "industry": INDUSTRIES[3]}


@pytest.fixture
async def loaded(databases, tmp_path):
    """The address of a database of so many certificates."""
    address = databases.create(tmp_path)
    load = load_sqlite if is_sqlite(address) else load_postgresql
    await load(Installation(tmp_path, address), REGISTER, lambda _: None)
    yield address
    databases.drop(address)


@asynccontextmanager
async def explaining(address):
    """What of a statement a database means to look at from one end to the other."""
    if is_sqlite(address):
        with closing(sqlite3.connect(address.partition(":///")[2])) as connection:
            yield partial(_of_sqlite, connection)
        return
    connection = await asyncpg.connect(libpq_url(address))
    try:
        yield partial(_of_postgresql, connection)
    finally:
        await connection.close()


async def _of_sqlite(connection, text, arguments):
    """The tables that are read from one end to the other."""
    steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", arguments)]
    return [
        step
        for step in steps
        if step.startswith("SCAN ") and step.split()[1] in FULL and " USING " not in step
    ]


async def _of_postgresql(connection, text, arguments):
    ((plan,),) = await connection.fetch(f"EXPLAIN (FORMAT JSON) {text}", *arguments)
    steps = [*_steps(json.loads(plan)[0]["Plan"])]
    return [step for step in steps if step in SCANS or step in SORTED]


def _steps(plan, around=""):
    """Each step; a page of a table's rows that are all sorted for it is a step of its own.

    Those within rows may be sorted: of one certificate there are few.
    """
    name = plan["Node Type"]
    yield f"{name} on {plan.get('Relation Name')}"
    if around == "Limit Sort" and "Relation Name" in plan and plan["Plan Rows"] > FEW:
        yield f"{around} of {plan['Relation Name']}"
    for inner in plan.get("Plans", ()):
        yield from _steps(inner, f"{around} {name}".strip() if name == "Sort" else name)


async def test_every_trusted_document_is_answered_by_indexes(loaded):
    async with explaining(loaded) as read_whole:
        assert await _read_whole(read_whole, "sqlite" if is_sqlite(loaded) else "postgresql") == {}


async def _read_whole(explain, dialect):
    """By document and asker."""
    whole = {}
    for document in TRUSTED.values():
        query = Documents(CONTRACT.schema).query(document.text, None)
        declared = {each.variable.name.value for each in query.operation.variable_definitions}
        taken = query.variables.read({n: v for n, v in GIVEN.items() if n in declared})
        for who, actor in ASKERS.items():
            roles = None if actor is None else actor.roles
            compiled = compiled_for(CONTRACT, query, taken.values, roles, dialect)
            values = {name: of(taken.values) for name, of in compiled.plan.parameters.items()}
            for question in compiled.questions:
                arguments = question.arguments(values | told(actor, NOW))
                if found := await explain(question.text, arguments):
                    whole[document.name, who] = found
    return whole
