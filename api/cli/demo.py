"""`datatitle demo`: the whole story over HTTP, step by step."""

from typing import Annotated

import typer

from api.cli.installation import FAILED, settings_or_exit


def demo(
    plain: Annotated[bool, typer.Option("--plain", help="No colours.")] = False,
) -> None:
    """Play the whole story as its parties, against a running server or one of its own."""
    from api.demo import play_demo

    if not play_demo(settings_or_exit(), plain=plain):
        raise typer.Exit(FAILED)
