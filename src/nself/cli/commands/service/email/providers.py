"""`nself service email providers`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line, Table

if TYPE_CHECKING:
    from nself.actions.email.providers import Providers


@verb(short_help="Where well-known providers take mail.", result="nself.actions.email.providers:Providers")
@click.argument("name", required=False)
@pass_app
def command(app: App, name: str | None) -> None:
    """List hosts and ports of mail providers; with NAME the lines to put into your env file.

    \b
    Examples:
      nself service email providers
      nself service email providers postmark
    """
    from nself.actions.email import providers

    chosen = (providers.find(name),) if name else providers.PROVIDERS

    def human(found: Providers) -> Iterator[Line]:
        if name:
            (provider,) = found.providers
            yield from (f"{key}={value}" for key, value in providers.settings(provider).items())
            yield from ([f"# {provider.note}"] if provider.note else [])
            return
        rows = [(each.name, each.host, str(each.port), each.user or "-", each.note) for each in found.providers]
        yield Table(("PROVIDER", "HOST", "PORT", "USER", ""), rows)
        yield "next: nself service email docs NAME, nself service email configure NAME"

    app.output.result(providers.Providers(providers=chosen), human)
