"""`nself service email setup`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.config.change import target
from nself.cli.commands.service.email import configure
from nself.errors import NetworkError, UsageError

if TYPE_CHECKING:
    from nself.actions.email.configure import Wish


@verb(short_help="Ask for a mail account step by step.", result="nself.actions.email.configure:Configured")
@pass_app
def command(app: App) -> None:
    """Ask for the provider, the account and the sender, try them at the mail server, and write them into your env
    files. Without a terminal: `nself service email configure`.

    \b
    Example:
      nself service email setup
    """
    from dataclasses import replace

    from nself.actions.email import configure as action

    if not app.output.interactive:
        raise UsageError(
            "this asks questions, and there is no terminal",
            fixes=["nself service email configure PROVIDER --user NAME --password-stdin"],
        )
    place = target(app, {})
    wish = asked(app)
    try:
        done = action.configure(place, wish)
    except NetworkError as error:
        app.output.error(error)
        if not click.confirm("Write it all the same?", err=True):
            raise UsageError("nothing was written") from error
        done = action.configure(place, replace(wish, check=False))
    app.output.result(done, configure.human)


def asked(app: App) -> Wish:
    from nself.actions.email import providers
    from nself.actions.email.configure import Wish, is_public

    names = [
        *(each.name for each in providers.PROVIDERS),
        providers.POSTFIX.name,
        providers.CUSTOM,
        providers.DEVELOPMENT,
    ]
    name = click.prompt("Provider", type=click.Choice(names), default=providers.DEVELOPMENT, err=True)
    if name == providers.DEVELOPMENT:
        return Wish(provider=name)
    custom = name == providers.CUSTOM
    provider = providers.Provider(name=name, host="") if custom else providers.find(name)
    for number, step in enumerate(provider.steps, 1):
        click.echo(f"  {number}. {step}", err=True)
    region = None
    if "<region>" in provider.host:
        region = click.prompt("Region", default="eu-west-1", err=True)
    elif provider.regions:
        region = click.prompt("Region", type=click.Choice(list(provider.regions)), default="us", err=True)
    host = click.prompt("Mail server", err=True) if custom else None
    port = click.prompt("Port", type=click.IntRange(1, 65535), default=provider.port, err=True)
    signs_in = name != providers.POSTFIX.name
    user = provider.user or (click.prompt("User", default="", show_default=False, err=True) if signs_in else None)
    secret = click.prompt("Password", hide_input=True, err=True) if user else None
    domain = app.project.base_domain
    sender = click.prompt("Sender", default=f"noreply@{domain}" if is_public(domain) else None, err=True)
    return Wish(provider=name, user=user or None, password=secret, sender=sender, region=region, host=host, port=port)
