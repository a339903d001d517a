"""`nself urls`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line, Table
from nself.errors import ConfigError

if TYPE_CHECKING:
    from nself.actions.urls import Urls


@verb(short_help="Show where every service answers.", section="Status", result="nself.actions.urls:Urls")
@click.option("-a", "--all", "everything", is_flag=True, help="Ports without a public URL too.")
@click.option("--service", metavar="NAME", help="One service only, with all its ports.")
@click.option("--category", type=click.Choice(["required", "optional", "monitoring", "custom", "frontend"]))
@click.option("--check-conflicts", is_flag=True, help="Exit 3 when ports or routes are in conflict.")
@click.option("--plain", is_flag=True, help="One URL a line, nothing else.")
@click.option("--markdown", is_flag=True, help="A Markdown table.")
@pass_app
def command(
    app: App,
    everything: bool,
    service: str | None,
    category: str | None,
    check_conflicts: bool,
    plain: bool,
    markdown: bool,
) -> None:
    """Show the URL of every service, and where it is inside the stack.

    \b
    Examples:
      nself urls
      nself urls --all --json
      curl "$(nself urls --plain --service graphql)/healthz"
    """
    from nself.actions.urls import urls

    found = urls(app.project, app.host, app.environ, internal=everything, service=service, category=category)
    if check_conflicts and found.conflicts:
        raise ConfigError(
            "\n  ".join(["ports are in conflict:", *found.conflicts]), fixes=["change the settings above"]
        )
    form = _plain if plain else _markdown if markdown else _table
    app.output.result(found, form)


def _plain(found: Urls) -> Iterator[Line]:
    yield from (entry.url or entry.internal_url for entry in found.urls)


def _markdown(found: Urls) -> Iterator[Line]:
    yield "| Service | URL | Inside the stack | |"
    yield "| --- | --- | --- | --- |"
    for entry in found.urls:
        yield f"| {entry.name} | {entry.url or ''} | {entry.internal_url} | {entry.description} |"


def _table(found: Urls) -> Iterator[Line]:
    yield f"{found.project} ({found.environment}, {found.base_domain})"
    yield ""
    rows = [(entry.name, entry.url or "", entry.internal_url, entry.description) for entry in found.urls]
    yield Table(("SERVICE", "URL", "INSIDE THE STACK", ""), rows, spare=True)
    for conflict in found.conflicts:
        yield f"conflict: {conflict}"
