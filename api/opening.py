"""Open the register an installation has chosen, and put the door in front of it."""

from datetime import timedelta
from secrets import token_bytes

from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette
from starlette.routing import Route

from api.app import Parts, create_app
from api.beside import apart, elected_work, hearing_of_growth
from api.key_files import key_at
from api.proof_download import proof_routes
from api.readiness import Readiness, told_of
from api.settings import BadSettings, Settings
from api.tokens import Claims
from api.trusted_documents import TRUSTED
from api.uploads import upload_routes
from api.witness import WITNESS_KEY, open_witness, witness_name, witness_routes
from ledger.formats.spelling import Malformed
from ledger.keeping.log import Log
from schema import schema
from schema.context import Context
from schema.reading.reader import CompiledReader
from services.actors import Actor, Role
from services.blobs import Blobs, open_blobs
from services.clock import Clock, SystemClock
from services.migrations import OtherVersionError, bring_up_to_date, missing_steps
from services.parties.views import Memberships
from services.permits import SECRET_SIZE, Permits
from services.reading.answering import answerer_of
from services.registry import Registry, open_engine
from services.rules_in_force import record_rules_in_force

# Of a draft nobody has written to for so long, the writer was killed.
LONGEST_UPLOAD = timedelta(hours=1)
ROLES = {str(role): role for role in Role}


async def open_registry(settings: Settings, clock: Clock | None = None) -> Registry:
    """The register in the data folder, its tables up to date. Makes what is missing.

    Whatever is recorded from now on, the log says before it by which rules. Raises
    `OtherVersionError` for a database on a server that is not up to date, and `BadSettings`.
    """
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    registry = registry_of(settings, clock)
    try:
        await registry.blobs.sweep(registry.clock.now() - LONGEST_UPLOAD)
        await _require_tables(registry.engine)
        await record_rules_in_force(registry)
    except BaseException:
        await registry.close()
        raise
    return registry


def registry_of(settings: Settings, clock: Clock | None = None) -> Registry:
    """The register as it is, whose tables somebody else has brought up to date."""
    return Registry(
        engine=open_engine(settings.database_url, settings.limits),
        clock=clock or SystemClock(),
        log=Log(settings.log_origin),
        blobs=_open_documents(settings),
        permits=open_permits(settings),
    )


def _open_documents(settings: Settings) -> Blobs:
    try:
        return open_blobs(settings.documents, settings.data / "incoming")
    except ValueError as fault:
        raise BadSettings(f"DATATITLE_DOCUMENTS: {fault}") from None


async def _require_tables(engine: AsyncEngine) -> None:
    """A file is brought up to date by whoever opens it; a server that others use too is not."""
    if engine.dialect.name == "sqlite":
        await bring_up_to_date(engine)
    elif fault := told_of(await missing_steps(engine)):
        raise OtherVersionError(fault)


def open_permits(settings: Settings) -> Permits:
    """What seals permits to upload. The secret is kept, so that a restart voids none of them."""
    secret = key_at(settings.data / "keys" / "permits.key", lambda: token_bytes(SECRET_SIZE))
    return Permits(secret, settings.upload_limit)


def open_app(settings: Settings, registry: Registry) -> Starlette:
    """The application over an open register. Closing the application closes the register."""
    aside = apart(settings, registry)
    answerer = answerer_of(registry)
    memberships = Memberships(registry, answerer)
    reader = CompiledReader(registry, answerer, schema)
    for document in TRUSTED.values():
        reader.prepare(document.text)

    async def actor_of(claims: Claims) -> Actor | None:
        role = None if claims.role is None else ROLES.get(claims.role)
        if role is None and claims.role is not None:
            return None
        return await memberships.find_actor(claims.subject, claims.party_id, role)

    async def close() -> None:
        await aside.close()
        await registry.close()

    parts = Parts(
        schema=schema,
        read=reader.answer,
        make_context=lambda actor, request_id: Context(registry, actor, request_id),
        actor_of=actor_of,
        readiness=Readiness(
            aside, reading=lambda: {"planned": reader.planned, **reader.handed_over}
        ),
        beside=[*elected_work(settings, aside), *hearing_of_growth(settings, registry)],
        close=close,
        more_routes=lambda doorkeeper: [
            *upload_routes(registry, doorkeeper),
            *proof_routes(registry),
            *_witness_routes(settings, registry.clock),
        ],
    )
    return create_app(settings, parts)


def _witness_routes(settings: Settings, clock: Clock) -> list[Route]:
    """Those of the witness for other registries' logs, where the settings name some."""
    if settings.witness_for is None:
        return []
    try:
        witness = open_witness(
            logs=settings.witness_for,
            key=settings.data / "keys" / WITNESS_KEY,
            name=witness_name(settings.log_origin),
            memory=settings.data / "witness",
            now=lambda: int(clock.now().timestamp()),
        )
    except (OSError, UnicodeDecodeError, Malformed) as fault:
        raise BadSettings(f"DATATITLE_WITNESS_FOR: {settings.witness_for}: {fault}") from None
    return witness_routes(witness, "/witness")
