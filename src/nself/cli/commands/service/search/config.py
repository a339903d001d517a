"""`nself service search config`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.service.search._place import place
from nself.cli.output import Line, Table

if TYPE_CHECKING:
    from nself.actions.search.configuration import Configuration


@verb(short_help="The settings of search.", result="nself.actions.search.configuration:Configuration")
@pass_app
def command(app: App) -> None:
    """Show the settings of search and where each comes from, and the indexes that are declared; keys are masked.

    \b
    Example:
      nself service search config
    """
    from nself.actions import project
    from nself.actions.search.configuration import configuration

    loaded = project.inspect(app.directory, app.environ, env=app.env)
    app.output.result(configuration(place(app), loaded), human)


def human(found: Configuration) -> Iterator[Line]:
    yield f"engine: {found.engine or 'none, search is switched off'}"
    yield Table(
        ("SETTING", "VALUE", "FROM"), [(each.key, each.value, each.source or "default") for each in found.settings]
    )
    yield f"{found.file}: {', '.join(found.indexes) or 'declares no index'}"
    yield "next: nself config set SEARCH_ENGINE=…, nself service search docs"
