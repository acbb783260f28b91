"""What a client is told of a result: the data, and of each error as much as it may know."""

import logging
from typing import Any, NamedTuple

from graphql import GraphQLError
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from api.unavailable import log_unavailable, unavailability

logger = logging.getLogger(__name__)

MOST_ERRORS = 10
NOT_TO_BE_RUN: dict[type[Exception], str] = {
    MissingQueryError: "The query is empty.",
    CannotGetOperationTypeError: "The document has no operation of that name.",
    InvalidOperationTypeError: "Subscriptions are answered as text/event-stream, or by WebSocket.",
}


class Told(NamedTuple):
    """A result as the client sees it; `was_run` tells an answer from a request refused.

    `retry_after` is in seconds, where trying again may help.
    """

    content: dict[str, Any]
    was_run: bool
    is_fault: bool
    retry_after: int | None = None


def tell(result: ExecutionResult, request_id: str) -> Told:
    """The result in the shape of the GraphQL specification, section 7.1. Errors are logged."""
    errors = result.errors or []
    default_code = "BAD_REQUEST" if isinstance(result, PreExecutionError) else "BAD_USER_INPUT"
    told = [_told(error, default_code, request_id) for error in errors]
    has_fault = any(map(is_fault, errors))
    if result.data is not None or any(error.path for error in errors):
        # Every null that an error explains needs its error: none is left out.
        content: dict[str, Any] = {"errors": told} if told else {}
        retry_after = max((_retry_after(each) for each in told), default=0) or None
        content |= {"data": result.data}
        return Told(content, was_run=True, is_fault=has_fault, retry_after=retry_after)
    return Told({"errors": told[:MOST_ERRORS]}, was_run=False, is_fault=has_fault)


def refused(error: Exception) -> PreExecutionError:
    """The result of a request for which there is nothing to run."""
    return PreExecutionError(data=None, errors=[GraphQLError(NOT_TO_BE_RUN[type(error)])])


def is_fault(error: GraphQLError) -> bool:
    """Whether it is our mistake: something other than a GraphQL error was raised.

    A value that a scalar could not read also carries the scalar's own exception, but then it
    happened before anything ran, at a place in the document.
    """
    cause = error.original_error
    if cause is None or isinstance(cause, GraphQLError) or type(cause) in NOT_TO_BE_RUN:
        return False
    if unavailability(cause):
        return False
    is_about_the_document = error.path is None and bool(error.nodes)
    return not is_about_the_document


def _told(error: GraphQLError, default_code: str, request_id: str) -> dict[str, Any]:
    """An error as the client sees it: of a fault, only that there was one. Both are logged."""
    told: dict[str, Any] = {**error.formatted}
    if explained := unavailability(error.original_error):
        told["message"], told["extensions"] = explained
        log_unavailable(request_id, error.original_error)
        return told
    if is_fault(error):
        logger.error("%s fault at %s", request_id, error.path, exc_info=error.original_error)
        told["message"] = "Unexpected error."
        told["extensions"] = {"code": "INTERNAL", "requestId": request_id}
        return told
    cause = error.original_error
    if cause is not None and type(cause) in NOT_TO_BE_RUN:
        told["message"] = NOT_TO_BE_RUN[type(cause)]
    told["extensions"] = {"code": default_code, **(error.extensions or {})}
    logger.info("%s refused: %s at %s", request_id, told["extensions"]["code"], error.path)
    return told


def _retry_after(told: dict[str, Any]) -> int:
    return int(told["extensions"].get("retryAfter", 0))
