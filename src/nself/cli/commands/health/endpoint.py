"""`nself health endpoint`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.health._shared import SYMBOLS, check_options, patience
from nself.cli.output import Line, Styled

if TYPE_CHECKING:
    from nself.actions.health.endpoint import Answer


@verb(short_help="Ask any URL.", result="nself.actions.health.endpoint:Answer")
@click.argument("url")
@click.option("--expect", type=click.IntRange(100, 599), default=200, show_default=True, metavar="CODE")
@click.option("--contains", metavar="TEXT", help="The answer must have this in it.")
@check_options
@click.pass_context
@pass_app
def command(
    app: App, context: click.Context, url: str, expect: int, contains: str | None, timeout: float, retries: int
) -> None:
    """Ask a URL, and see that it answers as it should. Redirects are answers, not followed.

    The project's own hosts are asked on this machine, without any name server. Works without a project as well.

    \b
    Examples:
      nself health endpoint https://api.localhost:8443/healthz
      nself health endpoint https://example.com --expect 301
      nself health endpoint https://app.localhost:8443 --contains 'Sign in'
    """
    from nself.actions.health.endpoint import Expected, endpoint

    expected = Expected(url=url, status=expect, contains=contains)
    found = endpoint(app.directory, app.host, app.environ, expected, patience(timeout, retries))
    app.output.result(found, human)
    context.exit(0 if found.status == "healthy" else 1)


def human(answer: Answer) -> Iterator[Line]:
    colour = "green" if answer.status == "healthy" else "red"
    yield Styled(f"{SYMBOLS[answer.status]} {answer.url}: {answer.details} ({answer.response_time_ms} ms)", colour)
