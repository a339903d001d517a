"""`nself service email docs`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line, Styled

if TYPE_CHECKING:
    from nself.actions.email.providers import Providers


@verb(short_help="Where a provider's credentials are found.", result="nself.actions.email.providers:Providers")
@click.argument("provider", required=False)
@pass_app
def command(app: App, provider: str | None) -> None:
    """Show, offline, what must be set up at a provider, and where its user and password are found; of all without
    PROVIDER.

    \b
    Example:
      nself service email docs postmark
    """
    from nself.actions.email import providers

    chosen = (providers.find(provider),) if provider else (*providers.PROVIDERS, providers.POSTFIX)
    app.output.result(providers.Providers(providers=chosen), human)


def human(found: Providers) -> Iterator[Line]:
    for each in found.providers:
        yield Styled(f"{each.name}: {each.host} port {each.port}", "bold")
        yield from (f"  {number}. {step}" for number, step in enumerate(each.steps, 1))
    name = found.providers[0].name if len(found.providers) == 1 else "PROVIDER"
    yield f"next: nself service email configure {name}"
