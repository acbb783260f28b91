"""Open the register an installation has chosen, and put the door in front of it."""

from contextlib import suppress
from secrets import token_bytes

import sqlalchemy as sa
from starlette.applications import Starlette

from api.app import Parts, create_app
from api.key_files import key_at
from api.proof_download import proof_routes
from api.settings import Settings
from api.tokens import Claims
from api.uploads import upload_routes
from ledger.keeping.log import Log
from ledger.signing.key_file import Signer, create_signer, load_signer
from schema import schema
from schema.context import Context
from services.actors import Actor, Role
from services.blobs import FolderBlobs
from services.clock import Clock, SystemClock
from services.migrations import bring_up_to_date
from services.parties.views import find_actor
from services.permits import SECRET_SIZE, Permits
from services.registry import Registry, open_engine


async def open_registry(settings: Settings, clock: Clock | None = None) -> Registry:
    """The register in the data folder, its tables up to date. Makes what is missing."""
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = open_engine(settings.database_url)
    await bring_up_to_date(engine)
    return Registry(
        engine=engine,
        clock=clock or SystemClock(),
        log=Log(settings.log_origin),
        blobs=FolderBlobs(settings.data / "documents"),
        permits=open_permits(settings),
    )


def open_permits(settings: Settings) -> Permits:
    """What seals permits to upload. The secret is kept, so that a restart voids none of them."""
    secret = key_at(settings.data / "keys" / "permits.key", lambda: token_bytes(SECRET_SIZE))
    return Permits(secret, settings.upload_limit)


def open_signer(settings: Settings) -> Signer:
    """The key of the log, made on first start."""
    path = settings.data / "keys" / "log.key"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        # Another process that starts at this moment may be the first to write it.
        with suppress(FileExistsError):
            create_signer(path, settings.log_origin)
    return load_signer(path)


def open_app(settings: Settings, registry: Registry) -> Starlette:
    """The application over an open register. Closing the application closes the register."""
    signer = open_signer(settings)

    async def actor_of(claims: Claims) -> Actor | None:
        if claims.role is not None and claims.role not in list(Role):
            return None
        role = None if claims.role is None else Role(claims.role)
        return await find_actor(registry, claims.subject, claims.party_id, role)

    async def is_ready() -> None:
        async with registry.reading() as tx:
            await tx.connection.execute(sa.text("SELECT 1"))

    async def latest_checkpoint() -> str | None:
        async with registry.reading() as tx:
            return await tx.log.latest_checkpoint(tx.connection)

    parts = Parts(
        schema=schema,
        make_context=lambda actor, request_id: Context(registry, actor, request_id),
        actor_of=actor_of,
        is_ready=is_ready,
        latest_checkpoint=latest_checkpoint,
        verifier_key=signer.public_key.vkey(),
        sign_checkpoint=lambda: sign_checkpoint(registry, signer),
        close=registry.close,
        more_routes=lambda doorkeeper: [
            *upload_routes(registry, doorkeeper),
            *proof_routes(registry),
        ],
    )
    return create_app(settings, parts)


async def sign_checkpoint(registry: Registry, signer: Signer) -> None:
    """Sign the log's present size, if it has grown since the last checkpoint."""
    async with registry.reading() as tx:
        if not await tx.log.has_grown(tx.connection):
            return
    async with registry.deciding() as tx:
        await tx.log.sign_checkpoint(tx.connection, signer, tx.now)
