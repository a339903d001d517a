"""`nself service functions invoke`, and `test`, which is the same."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line, Styled
from nself.errors import UsageError

if TYPE_CHECKING:
    from nself.actions.functions.call import Answered


@verb(short_help="Call a function through the stack.", result="nself.actions.functions.call:Answered")
@click.argument("name")
@click.argument("body", required=False, metavar="[JSON]")
@click.option("-X", "--method", metavar="METHOD", help="GET without a body, POST with one.")
@click.option("-H", "--header", "headers", multiple=True, metavar="'NAME: TEXT'", help="Send this header, too.")
@click.pass_context
@pass_app
def command(
    app: App, context: click.Context, name: str, body: str | None, method: str | None, headers: tuple[str, ...]
) -> None:
    """Call a function as the world does, through the proxy, and show its answer. A lone `-` reads the body from stdin.

    The exit code is 0 when it answers below 400, 1 otherwise, 6 when nothing answers.

    \b
    Examples:
      nself service functions invoke hello
      nself service functions invoke greet '{"name": "Ada"}'
    """
    from nself.actions.functions.call import Wish, invoke

    text = sys.stdin.read() if body == "-" else body
    wish = Wish(name=name, body=text, method=method, headers=dict(map(header, headers)))
    answered = invoke(app.project, app.host, app.environ, wish)
    app.output.result(answered, human)
    context.exit(0 if answered.status < 400 else 1)


def header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise UsageError(f"{text!r} is not a header", fixes=["-H 'Authorization: Bearer …'"])
    return name.strip(), value.strip()


def human(answered: Answered) -> Iterator[Line]:
    colour = "green" if answered.status < 400 else "red"
    symbol = "✓" if answered.status < 400 else "✗"
    yield Styled(f"{symbol} {answered.method} {answered.url}: {answered.status} in {answered.duration_ms} ms", colour)
    if answered.body not in ("", None):
        body = answered.body
        yield body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False)
    if answered.status >= 500:
        yield f"next: nself service functions logs (request {answered.request_id})"
