"""The one address that is asked in GraphQL: reads the request, runs it, writes the answer."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from strawberry import Schema
from strawberry.types import ExecutionResult

from api.answers import JSON, json_answer
from api.authentication import Doorkeeper, shown_in
from api.event_stream import EventStream
from api.graphql_errors import tell
from api.graphql_request import EVENT_STREAM, answer_media_type, read_request
from api.graphql_running import LARGEST_ANSWER, answer_to, is_query, results_of, too_much
from services.actors import Actor

MakeContext = Callable[[Actor | None, str], object]


@dataclass(frozen=True, slots=True)
class GraphQLView:
    """The GraphQL-over-HTTP specification for POST, one operation at a time.

    Instead of strawberry's own view, which answers 500 to several kinds of malformed bodies
    and runs the first of several operations when none is named. `stopping` is set when the
    server is about to stop, which streams have to know.
    """

    schema: Schema
    doorkeeper: Doorkeeper
    make_context: MakeContext
    stopping: asyncio.Event

    async def answer(self, request: Request) -> Response | EventStream:
        media_type = answer_media_type(request.headers.get("accept"))
        shown = shown_in(request)
        visitor = await self.doorkeeper.let_in(shown)
        asked = await read_request(request)
        request_id: str = request.state.request_id
        context = self.make_context(visitor.actor, request_id)
        if media_type == EVENT_STREAM:
            watch = partial(self.doorkeeper.watch_over, visitor, shown)
            results = results_of(asked, self.schema, context)
            return EventStream(results, request_id, ends=(self.stopping.wait, watch))
        result = await answer_to(asked, self.schema, context)
        response = _answer_with(result, media_type, request_id)
        if len(response.body) > LARGEST_ANSWER and is_query(asked):
            result = too_much(f"be larger than {LARGEST_ANSWER >> 20} MiB")
            return _answer_with(result, media_type, request_id)
        return response


def _answer_with(result: ExecutionResult, media_type: str, request_id: str) -> Response:
    """Status codes of GraphQL over HTTP, section 6.4: 200 once execution has begun."""
    told = tell(result, request_id)
    if told.was_run:
        headers = {"Retry-After": str(told.retry_after)} if told.retry_after else None
        return json_answer(told.content, media_type=media_type, headers=headers)
    # Clients that know only the older type take any other status for a broken connection.
    status_of_a_refusal = 200 if media_type == JSON else 400
    status = 500 if told.is_fault else status_of_a_refusal
    return json_answer(told.content, status=status, media_type=media_type)
