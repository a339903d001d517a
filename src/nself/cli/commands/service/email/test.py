"""`nself service email test`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line

if TYPE_CHECKING:
    from nself.actions.email.send import Sent


@verb(short_help="Send a real mail.", result="nself.actions.email.send:Sent")
@click.argument("address", required=False)
@pass_app
def command(app: App, address: str | None) -> None:
    """Send a mail through the project's mail server. Into the development inbox: and see that it arrived.

    \b
    Examples:
      nself service email test
      nself service email test you@example.com
    """
    from nself.actions.email.send import send

    app.output.result(send(app.project, app.host, app.environ, address), human)


def human(sent: Sent) -> Iterator[Line]:
    what = "arrived in the development inbox" if sent.arrived else f"{sent.host} took it"
    yield f"✓ a mail to {sent.to}: {what} ({sent.duration_ms} ms)"
    if sent.arrived:
        yield "next: nself service email inbox"
    else:
        yield f"next: look for it in the mailbox of {sent.to}, its spam folder too"
