"""What is said when the database is away or too busy, which is no fault of the program's."""

import logging
from typing import Any

from services.registry import OutcomeUnknownError
from services.retrying import RETRY_AFTER, BusyError, is_unavailable

logger = logging.getLogger(__name__)

UNAVAILABLE = "The register cannot be asked at this moment."
TRY_AGAIN = "The register was too busy. Nothing was done."
OUTCOME_UNKNOWN = "The database was lost while the act was being written: look whether it was done."


def unavailability(error: BaseException | None) -> tuple[str, dict[str, Any]] | None:
    """The sentence and the extensions of the answer to such an error; None for any other.

    `retryAfter` is in seconds. With an idempotency key, and to read, one may simply try again.
    """
    if not isinstance(error, Exception) or not is_unavailable(error):
        return None
    if isinstance(error, OutcomeUnknownError):
        return OUTCOME_UNKNOWN, _extensions("OUTCOME_UNKNOWN", RETRY_AFTER)
    if isinstance(error, BusyError):
        return TRY_AGAIN, _extensions("TRY_AGAIN", error.retry_after)
    return UNAVAILABLE, _extensions("UNAVAILABLE", RETRY_AFTER)


def log_unavailable(request_id: str, error: BaseException | None) -> None:
    cause = error and (error.__cause__ or error)
    logger.warning("%s unavailable: %r", request_id, cause)


def _extensions(code: str, seconds: int) -> dict[str, Any]:
    return {"code": code, "retryAfter": seconds}
