"""`nself service search disable`."""

from __future__ import annotations

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.config.change import target
from nself.cli.commands.service.search.enable import human


@verb(short_help="Switch search off.", result="nself.actions.search.switch:Switched")
@pass_app
def command(app: App) -> None:
    """No engine runs and search commands refuse. Indexes inside PostgreSQL stay up to date until they are cleared.

    \b
    Example:
      nself service search disable
    """
    from nself.actions.search import switch as search_switch

    app.output.result(search_switch.disable(target(app, {})), human)
