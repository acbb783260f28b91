"""Running what was asked: once for one answer, or for as many results as there are."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import timedelta

from graphql import GraphQLError, get_operation_ast
from graphql import OperationType as Operation
from strawberry import Schema
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from api.graphql_errors import NOT_TO_BE_RUN, refused
from api.graphql_request import GraphQLRequest
from schema.guard import read_document

WITH_ONE_RESULT = (OperationType.QUERY, OperationType.MUTATION)
# Longer than one waits for a connection to the database, so that this is told as what it is.
LONGEST_QUERY = timedelta(seconds=12)
LARGEST_ANSWER = 10 << 20  # Bytes.


async def answer_to(asked: GraphQLRequest, schema: Schema, context: object) -> ExecutionResult:
    """The result of a query or mutation. Acts are not cut short: they have limits of their own."""
    seconds = LONGEST_QUERY.total_seconds() if is_query(asked) else None
    try:
        async with asyncio.timeout(seconds):
            return await schema.execute(
                asked.text,
                variable_values=asked.variables,
                context_value=context,
                operation_name=asked.operation_name or None,
                operation_extensions=asked.extensions,
                allowed_operation_types=WITH_ONE_RESULT,
            )
    except tuple(NOT_TO_BE_RUN) as error:
        return refused(error)
    except TimeoutError:
        return too_much(f"take longer than {LONGEST_QUERY.total_seconds():.0f} s")


def too_much(what: str) -> ExecutionResult:
    """The result of a query whose answer would have to do what none may."""
    message = f"This query asks for too much: no answer may {what}."
    error = GraphQLError(message, extensions={"code": "LIMIT_EXCEEDED"})
    return PreExecutionError(data=None, errors=[error])


def is_query(asked: GraphQLRequest) -> bool:
    """Whether nothing is done by it. Of what was done the answer is given, however long."""
    try:
        operation = get_operation_ast(read_document(asked.text), asked.operation_name or None)
    except GraphQLError:  # It will be told when it is to be run.
        return False
    return operation is not None and operation.operation is Operation.QUERY


async def results_of(
    asked: GraphQLRequest, schema: Schema, context: object
) -> AsyncGenerator[ExecutionResult, None]:
    """The results of a subscription, or the one of a query or mutation, as they are asked for."""
    results = await schema.stream(
        asked.text,
        variable_values=asked.variables,
        context_value=context,
        operation_name=asked.operation_name or None,
        operation_extensions=asked.extensions,
    )
    try:
        async with aclosing(results):
            async for result in results:
                assert isinstance(result, ExecutionResult), result  # Nothing is deferred.
                yield result
    except GraphQLError as error:  # The guard's, which strawberry catches only elsewhere.
        yield PreExecutionError(data=None, errors=[error])
