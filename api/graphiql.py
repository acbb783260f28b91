"""GraphiQL, the page to try queries on, from the project's own files alone."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).parent / "pages" / "graphiql"

# The editor sizes its lines through style attributes, and carries its fonts and icons as data.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class _Page(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Content-Security-Policy"] = PAGE_POLICY
        response.headers["Cache-Control"] = "no-cache"
        return response


def graphiql_routes() -> list[BaseRoute]:
    """The page at `/graphiql/`, and the way to it from `/`."""

    async def to_the_page(_request: Request) -> Response:
        return RedirectResponse("/graphiql/", status_code=303)

    return [
        Route("/", to_the_page),
        Route("/graphiql", to_the_page),
        Mount("/graphiql", _Page(directory=FOLDER, html=True)),
    ]
