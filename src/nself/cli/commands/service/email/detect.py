"""`nself service email detect`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line, Table

if TYPE_CHECKING:
    from nself.actions.email.detect import Detected, Found


@verb(short_help="Mail accounts your settings know of.", result="nself.actions.email.detect:Detected")
@pass_app
def command(app: App) -> None:
    """Show what mail goes through now, and which providers' keys and mail servers are named in your env files and
    environment, or listen on this machine. Names only, no value.

    \b
    Example:
      nself service email detect
    """
    from nself.actions.email.detect import detect

    app.output.result(detect(app.project, app.host, app.environ), human)


def human(found: Detected) -> Iterator[Line]:
    yield f"mail goes to {found.configured}" if found.configured else "this project can send no mail"
    yield Table(
        ("PROVIDER", "HOST", "BECAUSE"), [(each.provider, each.host or "-", each.because) for each in found.found]
    )
    if not found.found:
        yield "nothing else is known of here: nself service email providers"
    else:
        yield f"next: nself service email configure {_words(found.found[0])}"


def _words(first: Found) -> str:
    return f"{first.provider} --host {first.host}" if first.provider == "custom" else first.provider
