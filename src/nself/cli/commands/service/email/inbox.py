"""`nself service email inbox`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line, Table

if TYPE_CHECKING:
    from nself.actions.email.inbox import Inbox


@verb(short_help="The newest mails of the development inbox.", result="nself.actions.email.inbox:Inbox")
@click.option("--limit", type=click.IntRange(1, 1000), default=10, show_default=True, metavar="N", help="How many.")
@pass_app
def command(app: App, limit: int) -> None:
    """Show the address of the development inbox and its newest mails.

    \b
    Example:
      nself service email inbox --limit 3
    """
    from nself.actions.email.inbox import inbox

    app.output.result(inbox(app.project, app.host, app.environ, limit=limit), human)


def human(found: Inbox) -> Iterator[Line]:
    yield found.url
    rows = [
        (
            f"{each.created.astimezone():%Y-%m-%d %H:%M}",
            ", ".join(each.to),
            each.sender,
            printable(each.subject),
            "" if each.read else "new",
        )
        for each in found.mails
    ]
    yield Table(("TIME", "TO", "FROM", "SUBJECT", ""), rows)
    count = "1 mail" if found.total == 1 else f"{found.total} mails"
    yield f"{count}, {found.unread} unread" if found.total else "no mail yet: nself service email test"


def printable(text: str) -> str:
    """Whoever sent the mail wrote the subject: it must not move the cursor or set colours."""
    return "".join(char if char.isprintable() else "�" for char in text)
