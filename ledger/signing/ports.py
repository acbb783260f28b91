"""What sealing needs of those who use it: transactions, and a place where the log is public."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection


class Transaction(Protocol):
    @property
    def connection(self) -> AsyncConnection: ...

    @property
    def now(self) -> datetime: ...


class Transactions(Protocol):
    """The unit of work: one that may write and commits on the way out, one that only reads."""

    def deciding(self) -> AbstractAsyncContextManager[Transaction]: ...

    def reading(self) -> AbstractAsyncContextManager[Transaction]: ...


class Publisher(Protocol):
    """Where the public log goes. Both may be called again for what is out already."""

    async def tiles(self, connection: AsyncConnection, old_size: int, new_size: int) -> None:
        """Put out the tiles and entries of a tree of `new_size`; those of `old_size` are out."""

    async def checkpoint(self, text: str) -> None:
        """Put the note in the place of the one before. Its tiles are out."""
