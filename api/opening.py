"""Open the register an installation has chosen, and put the door in front of it."""

from secrets import token_bytes

import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.routing import Route

from api.app import Parts, create_app
from api.key_files import key_at
from api.proof_download import proof_routes
from api.publishing import open_mirror, open_publisher
from api.sealing import RepeatedSealing, open_sealing
from api.settings import BadSettings, Settings
from api.tokens import Claims
from api.uploads import upload_routes
from api.witness import WITNESS_KEY, open_witness, witness_name, witness_routes
from ledger.formats.spelling import Malformed
from ledger.keeping.log import Log
from schema import schema
from schema.context import Context
from services.actors import Actor, Role
from services.blobs import FolderBlobs
from services.clock import Clock, SystemClock
from services.migrations import bring_up_to_date
from services.parties.views import find_actor
from services.permits import SECRET_SIZE, Permits
from services.registry import Registry, open_engine
from services.rules_in_force import record_rules_in_force


async def open_registry(settings: Settings, clock: Clock | None = None) -> Registry:
    """The register in the data folder, its tables up to date. Makes what is missing.

    Whatever is recorded from now on, the log says before it by which rules.
    """
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = open_engine(settings.database_url)
    await bring_up_to_date(engine)
    registry = Registry(
        engine=engine,
        clock=clock or SystemClock(),
        log=Log(settings.log_origin),
        blobs=FolderBlobs(settings.data / "documents"),
        permits=open_permits(settings),
    )
    await record_rules_in_force(registry)
    return registry


def open_permits(settings: Settings) -> Permits:
    """What seals permits to upload. The secret is kept, so that a restart voids none of them."""
    secret = key_at(settings.data / "keys" / "permits.key", lambda: token_bytes(SECRET_SIZE))
    return Permits(secret, settings.upload_limit)


def open_app(settings: Settings, registry: Registry) -> Starlette:
    """The application over an open register. Closing the application closes the register."""
    sealing = open_sealing(settings, registry, open_publisher(settings))
    mirror = open_mirror(settings)

    async def actor_of(claims: Claims) -> Actor | None:
        if claims.role is not None and claims.role not in list(Role):
            return None
        role = None if claims.role is None else Role(claims.role)
        return await find_actor(registry, claims.subject, claims.party_id, role)

    async def is_ready() -> None:
        async with registry.reading() as tx:
            await tx.connection.execute(sa.text("SELECT 1"))

    parts = Parts(
        schema=schema,
        make_context=lambda actor, request_id: Context(registry, actor, request_id),
        actor_of=actor_of,
        is_ready=is_ready,
        seal=RepeatedSealing(sealing),
        close=registry.close,
        more_routes=lambda doorkeeper: [
            *upload_routes(registry, doorkeeper),
            *proof_routes(registry),
            *_witness_routes(settings, registry.clock),
        ],
        mirror=None if mirror is None else mirror.follow,
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
