"""`nself service email config`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line, Table

if TYPE_CHECKING:
    from nself.actions.email.configuration import Configuration


@verb(short_help="The settings of the mail server.", result="nself.actions.email.configuration:Configuration")
@pass_app
def command(app: App) -> None:
    """Show the settings that say how mail is sent, and where each comes from; the password is masked.

    \b
    Example:
      nself service email config
    """
    from nself.actions import project
    from nself.actions.email.configuration import configuration

    loaded = project.inspect(app.directory, app.environ, env=app.env)
    app.output.result(configuration(loaded), human)


def human(found: Configuration) -> Iterator[Line]:
    rows = [(each.key, each.value, each.source or "default") for each in found.settings]
    yield Table(("SETTING", "VALUE", "FROM"), rows)
    if not next(each.value for each in found.settings if each.key == "AUTH_SMTP_HOST"):
        yield "without AUTH_SMTP_HOST mail goes to the development inbox, if that is enabled"
    yield "next: nself service email setup, nself service email check"
