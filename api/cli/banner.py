"""What `serve` prints before it serves: where everything is, tokens, and operations to paste."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from textwrap import indent

from api.acting import Acting, first_in_each_role
from api.cli.examples import Example, example_number, examples
from api.cli.installation import own_name
from api.cli.tokens import HOURS_OF_A_TOKEN, sign_in_token
from api.settings import Settings
from services.registry import Registry

RULE = "-" * 78


async def banner(settings: Settings, registry: Registry, address: str) -> str:
    """Plain text, at most 80 columns wide but for the tokens, which are one line each."""
    acting = await first_in_each_role(registry)
    parts = [_where_everything_is(settings, address)]
    if not acting:
        parts.append(_how_to_begin())
    elif settings.has_own_issuer:
        parts.append(_tokens(settings, registry, acting))
    parts += [_example(each) for each in await examples(registry, acting)]
    number = await example_number(registry)
    if number is not None:
        parts.append(_proof(address, number))
    parts.append(f"{RULE}\nStop with Ctrl+C; everything is kept.")
    return "\n\n".join(parts) + "\n"


def _where_everything_is(settings: Settings, address: str) -> str:
    graphiql = f"GraphiQL    {address}/graphiql/" if settings.graphiql else "GraphiQL is off."
    return "\n".join(
        [
            RULE,
            "Datatitle: one register for data-product intellectual property",
            RULE,
            graphiql,
            f"GraphQL     {address}/graphql",
            f"Data        {settings.data.absolute()}",
            "            Delete this folder to start anew."
            if settings.database_file
            else "            The database is that of DATATITLE_DATABASE_URL.",
        ]
    )


def _how_to_begin() -> str:
    return "\n".join(
        [
            "The register is empty. Found its office, then sign in as its registrar:",
            f'  {own_name()} found-office --name "My Office" --registrar my-name',
            f'  {own_name()} token --as "My Office" --role registrar',
            "For a register to try things on, start with --sample and another DATATITLE_DATA.",
        ]
    )


def _tokens(settings: Settings, registry: Registry, acting: Sequence[Acting]) -> str:
    now, lifetime = registry.clock.now(), timedelta(hours=HOURS_OF_A_TOKEN)

    def lines() -> Iterator[str]:
        yield f"Sign-in tokens, valid for {HOURS_OF_A_TOKEN} hours. Paste one in GraphiQL under"
        yield '"Headers", as {"Authorization": "Bearer TOKEN"}. Without one you are the public.'
        for each in acting:
            yield ""
            yield f"{each.role}: {each.whom}"
            yield sign_in_token(settings, each, now, lifetime)

    return "\n".join([*lines(), "", f"More: {own_name()} token --as PARTY --role ROLE"])


def _example(example: Example) -> str:
    asks = f"As {_article(example.role)} {example.role.lower()} you ask: {example.question}"
    return f"{RULE}\n{asks}\n\n{indent(example.operation, '  ')}"


def _article(word: str) -> str:
    return "an" if word[0] in "AEIOU" else "a"


def _proof(address: str, number: str) -> str:
    return "\n".join(
        [
            RULE,
            "Anybody may ask for a proof, and check it offline, without this server:",
            "",
            f"  curl -sO {address}/ledger/certificates/{number}.proof",
            f"  curl -sO {address}/ledger/policy",
            f"  {own_name()} verify {number}.proof --policy policy",
        ]
    )
