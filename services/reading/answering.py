"""How questions are asked of the database a register is in."""

from services.reading.on_postgresql import OnPostgreSQL
from services.reading.on_sqlite import OnSQLite
from services.reading.questions import Answerer
from services.registry import Registry


def answerer_of(registry: Registry) -> Answerer:
    """It is closed with the registry."""
    is_file = registry.engine.dialect.name == "sqlite"
    answerer: Answerer = OnSQLite(registry) if is_file else OnPostgreSQL(registry)
    registry.close_with(answerer.close)
    return answerer
