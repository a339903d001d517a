"""`nself health config`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line, Table

if TYPE_CHECKING:
    from nself.actions.health.configuration import Configuration


@verb(short_help="What each service is asked.", result="nself.actions.health.configuration:Configuration")
@pass_app
def command(app: App) -> None:
    """Show the question each service is asked, how long its answer and its start may take, and the variables that bear
    on it. The path of a service of your own is its `healthcheck:` in nself.yml, or CS_N_HEALTHCHECK.

    \b
    Example:
      nself health config
    """
    from nself.actions.health.configuration import configuration

    app.output.result(configuration(app.project, app.host, app.environ), human)


def human(found: Configuration) -> Iterator[Line]:
    rows = [(each.service, each.asked, _seconds(each.timeout_s), _seconds(each.start_s)) for each in found.services]
    yield Table(("SERVICE", "ASKED", "ANSWER WITHIN", "WELL WITHIN"), rows)
    yield ""
    settings = [(each.key, each.value + ("" if each.set else " (default)"), each.help) for each in found.settings]
    yield Table(("VARIABLE", "VALUE", "MEANING"), settings)
    yield "next: nself health check --timeout 5 --retries 10"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:g} s"
