"""The one address that is asked in GraphQL: reads the request, runs it, writes the answer."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response
from strawberry import Schema
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from api.answers import JSON, json_answer
from api.authentication import Doorkeeper
from api.graphql_request import GraphQLRequest, answer_media_type, read_request
from services.actors import Actor

logger = logging.getLogger(__name__)

MakeContext = Callable[[Actor | None, str], object]
OPERATIONS = (OperationType.QUERY, OperationType.MUTATION)
MOST_ERRORS = 10


@dataclass(frozen=True, slots=True)
class GraphQLView:
    """The GraphQL-over-HTTP specification for POST, one operation at a time.

    Instead of strawberry's own view, which answers 500 to several kinds of malformed bodies
    and runs the first of several operations when none is named.
    """

    schema: Schema
    doorkeeper: Doorkeeper
    make_context: MakeContext

    async def answer(self, request: Request) -> Response:
        media_type = answer_media_type(request.headers.get("accept"))
        actor = await self.doorkeeper.admit(request)
        asked = await read_request(request)
        request_id: str = request.state.request_id
        result = await self._run(asked, self.make_context(actor, request_id))
        return _answer_with(result, media_type, request_id)

    async def _run(self, asked: GraphQLRequest, context: object) -> ExecutionResult:
        try:
            return await self.schema.execute(
                asked.query,
                variable_values=asked.variables,
                context_value=context,
                operation_name=asked.operation_name or None,
                operation_extensions=asked.extensions,
                allowed_operation_types=OPERATIONS,
            )
        except MissingQueryError:
            message = "The query is empty."
        except CannotGetOperationTypeError:
            message = "The document has no operation of that name."
        except InvalidOperationTypeError:
            message = "Subscriptions are not offered."
        return PreExecutionError(data=None, errors=[GraphQLError(message)])


def _answer_with(result: ExecutionResult, media_type: str, request_id: str) -> Response:
    """Status codes of GraphQL over HTTP, section 6.4: 200 once execution has begun."""
    errors = result.errors or []
    default_code = "BAD_REQUEST" if isinstance(result, PreExecutionError) else "BAD_USER_INPUT"
    told = [_told(error, default_code, request_id) for error in errors]
    if result.data is not None or any(error.path for error in errors):
        # Every null that an error explains needs its error: none is left out.
        content = {"errors": told} if told else {}
        return json_answer(content | {"data": result.data}, media_type=media_type)
    # Clients that know only the older type take any other status for a broken connection.
    status_of_a_refusal = 200 if media_type == JSON else 400
    status = 500 if any(map(is_fault, errors)) else status_of_a_refusal
    return json_answer({"errors": told[:MOST_ERRORS]}, status=status, media_type=media_type)


def _told(error: GraphQLError, default_code: str, request_id: str) -> dict[str, Any]:
    """An error as the client sees it: of a fault, only that there was one. Both are logged."""
    told: dict[str, Any] = {**error.formatted}
    if is_fault(error):
        logger.error("%s fault at %s", request_id, error.path, exc_info=error.original_error)
        told["message"] = "Unexpected error."
        told["extensions"] = {"code": "INTERNAL", "requestId": request_id}
    else:
        told["extensions"] = {"code": default_code, **(error.extensions or {})}
        logger.info("%s refused: %s at %s", request_id, told["extensions"]["code"], error.path)
    return told


def is_fault(error: GraphQLError) -> bool:
    """Whether it is our mistake: something other than a GraphQL error was raised.

    A value that a scalar could not read also carries the scalar's own exception, but then it
    happened before anything ran, at a place in the document.
    """
    cause = error.original_error
    if cause is None or isinstance(cause, GraphQLError):
        return False
    is_about_the_document = error.path is None and bool(error.nodes)
    return not is_about_the_document
