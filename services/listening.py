"""Hearing from PostgreSQL that the ledger has grown, over one connection for the whole process."""

import asyncio
import logging
from collections.abc import Callable

import asyncpg

from ledger.keeping.sequencing import CHANNEL
from services.postgresql import SECONDS_TO_CONNECT, libpq_url

logger = logging.getLogger(__name__)

BEFORE_CONNECTING_ANEW = 1.0  # Seconds.
BETWEEN_QUESTIONS = 15.0  # Seconds after which a quiet connection is asked whether it lives.


async def listen(url: str, nudge: Callable[[], None]) -> None:
    """Call `nudge` whenever the ledger has grown, until cancelled.

    `url` leads to the server itself: what pools connections by transaction hears nothing. What
    is lost while there is no connection is made up for by those who look again by themselves.
    """
    is_known_to_be_away = False
    while True:
        try:
            await _listen(url, nudge)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as fault:
            if not is_known_to_be_away:
                logger.warning("cannot hear of the ledger's growth, and look instead: %s", fault)
            is_known_to_be_away = True
        else:
            is_known_to_be_away = False
        await asyncio.sleep(BEFORE_CONNECTING_ANEW)


async def _listen(url: str, nudge: Callable[[], None]) -> None:
    """Hear until the connection is lost. Raises what kept it from being made."""
    connection = await asyncpg.connect(
        libpq_url(url),
        timeout=SECONDS_TO_CONNECT,
        server_settings={"application_name": "datatitle listener"},
    )
    is_lost = asyncio.Event()
    connection.add_termination_listener(lambda _: is_lost.set())
    try:
        await connection.add_listener(CHANNEL, lambda *_: nudge())
        nudge()  # What was told before is not told again.
        while not is_lost.is_set():
            try:
                await asyncio.wait_for(is_lost.wait(), BETWEEN_QUESTIONS)
            except TimeoutError:
                await connection.execute("SELECT 1", timeout=SECONDS_TO_CONNECT)
    finally:
        connection.terminate()
