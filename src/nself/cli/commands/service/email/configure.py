"""`nself service email configure`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.config.change import target
from nself.cli.output import Line, Styled

if TYPE_CHECKING:
    from nself.actions.email.configure import Configured


@verb(short_help="Send mail through a provider.", result="nself.actions.email.configure:Configured")
@click.argument("provider")
@click.option("--user", metavar="NAME", help="User name at the mail server, where the provider has none of its own.")
@click.option("--sender", metavar="ADDRESS", help="Sender of every mail; what is set, else noreply@<BASE_DOMAIN>.")
@click.option("--region", metavar="NAME", help="Region of the account: aws-ses; eu at mailgun and sparkpost.")
@click.option("--host", metavar="HOST", help="Mail server, for the provider `custom`.")
@click.option(
    "--port", type=click.IntRange(1, 65535), metavar="PORT", help="Instead of the provider's own; 465 is TLS."
)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--no-check", is_flag=True, help="Write it without asking the mail server first.")
@pass_app
def command(
    app: App,
    provider: str,
    user: str | None,
    sender: str | None,
    region: str | None,
    host: str | None,
    port: int | None,
    password_stdin: bool,
    no_check: bool,
) -> None:
    """Write the settings of a mail provider into your env files, once its server has taken the account. The password
    is asked for on a terminal or read from standard input; it is never an argument.

    PROVIDER is one of `nself service email providers`, postfix, custom, or development for the inbox.

    \b
    Examples:
      nself service email configure postmark --user TOKEN --sender shop@example.com
      pass show ses | nself service email configure aws-ses --region eu-west-1 --user AKIA… --password-stdin
      nself service email configure custom --host mail.example.com --port 465 --user shop
      nself service email configure development
    """
    from nself.actions.email.configure import Wish, configure

    wish = Wish(
        provider=provider,
        user=user,
        password=password(app, provider, user, from_stdin=password_stdin),
        sender=sender,
        region=region,
        host=host,
        port=port,
        check=not no_check,
    )
    app.output.result(configure(target(app, {}), wish), human)


def password(app: App, provider: str, user: str | None, *, from_stdin: bool) -> str | None:
    """None keeps the one that is set."""
    from nself.actions.email import providers

    if from_stdin:
        return sys.stdin.read().rstrip("\r\n") or None
    if provider in {providers.DEVELOPMENT, providers.POSTFIX.name} or not app.output.interactive:
        return None
    known = None if provider == providers.CUSTOM else providers.find(provider)
    if not (user or (known and known.user)):
        return None
    return click.prompt("Password", hide_input=True, default="", show_default=False, err=True) or None


def human(done: Configured) -> Iterator[Line]:
    if done.provider == "development":
        yield Styled("✓ mail goes to the development inbox", "green")
        yield "next: nself start, nself service email test"
        return
    asked = "which takes it" if done.checked else "which was not asked"
    yield Styled(f"✓ mail goes through {done.provider}: {done.host} port {done.port}, {asked}", "green")
    yield f"  from {done.sender}" + (
        f", written to {', '.join(done.files)}" if done.files else "; nothing had to change"
    )
    yield "next: nself start, nself service email test you@example.com"
