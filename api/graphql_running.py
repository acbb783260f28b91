"""Running what was asked: once for one answer, or for as many results as there are."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from graphql import GraphQLError
from strawberry import Schema
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from api.graphql_errors import NOT_TO_BE_RUN, refused
from api.graphql_request import GraphQLRequest

WITH_ONE_RESULT = (OperationType.QUERY, OperationType.MUTATION)


async def answer_to(asked: GraphQLRequest, schema: Schema, context: object) -> ExecutionResult:
    """The result of a query or mutation."""
    try:
        return await schema.execute(
            asked.query,
            variable_values=asked.variables,
            context_value=context,
            operation_name=asked.operation_name or None,
            operation_extensions=asked.extensions,
            allowed_operation_types=WITH_ONE_RESULT,
        )
    except tuple(NOT_TO_BE_RUN) as error:
        return refused(error)


async def results_of(
    asked: GraphQLRequest, schema: Schema, context: object
) -> AsyncGenerator[ExecutionResult, None]:
    """The results of a subscription, or the one of a query or mutation, as they are asked for."""
    results = await schema.stream(
        asked.query,
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
