"""`nself ssl`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, group, pass_app, verb
from nself.cli.output import Line, Table

if TYPE_CHECKING:
    from nself.actions.tls.certificate import Certificates, Renewed


@group(short_help="Look at and renew the project's certificate.", section="Configuration")
def command() -> None:
    """The certificate nginx serves this project with. `nself start` makes and renews it by itself.

    \b
    Examples:
      nself ssl status
      nself ssl renew
    """


@verb(short_help="Show the certificate and who signed it.", result="nself.actions.tls.certificate:Certificates")
@click.option("--ca-path", is_flag=True, help="Print only where the authority's certificate is, as for curl --cacert.")
@pass_app
def status(app: App, ca_path: bool) -> None:
    """Show the project's certificate, its hosts and its end, and the authority that signed it.

    \b
    Examples:
      nself ssl status --json
      curl --cacert "$(nself ssl status --ca-path)" https://api.localhost:8443/healthz
    """
    from nself.actions.tls import certificate as ssl

    found = ssl.status(app.project, app.host, app.environ)
    if ca_path:
        app.output.text(found.certificates[-1].path)
    else:
        app.output.result(found, _certificates)


@verb(short_help="Make the certificate anew, now.", result="nself.actions.tls.certificate:Renewed")
@pass_app
def renew(app: App) -> None:
    """Make a new certificate for the project's hosts; a running nginx takes it at once.

    \b
    Example:
      nself ssl renew
    """
    from nself.actions.tls import certificate as ssl

    app.output.result(ssl.renew(app.project, app.host, app.environ), _renewed)


@verb(
    short_help="Make authority and certificate if they are missing.",
    result="nself.actions.tls.certificate:Certificates",
)
@pass_app
def bootstrap(app: App) -> None:
    """Make this machine's certificate authority and the project's certificate, as far as they are missing.

    \b
    Example:
      nself ssl bootstrap && nself trust install
    """
    from nself.actions.tls import certificate as ssl

    app.output.result(ssl.bootstrap(app.project, app.host, app.environ, app.emit), _certificates)


for sub in (status, renew, bootstrap):
    command.add_command(sub)


def _certificates(found: Certificates) -> Iterator[Line]:
    if not found.certificates:
        yield "no certificate yet (nself ssl bootstrap makes one)"
    rows = [
        (each.subject, each.issuer, f"{each.not_after:%Y-%m-%d}", f"{each.days_left} days", _yes(each.trusted))
        for each in found.certificates
    ]
    yield Table(("SUBJECT", "SIGNED BY", "ENDS", "LEFT", "TRUSTED HERE"), rows)
    for each in found.certificates:
        if each.sans:
            yield f"{each.subject} is good for: {', '.join(each.sans)}"


def _renewed(done: Renewed) -> Iterator[Line]:
    yield f"{done.path} is good until {done.not_after:%Y-%m-%d}"
    yield "nginx has taken it" if done.reloaded else "nginx is not running; it will take it when it starts"


def _yes(value: bool) -> str:
    return "✓ yes" if value else "✗ no"
