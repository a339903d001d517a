"""`nself update`: nself itself. `nself update …`: what a project runs; a file here is a sub-command."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app
from nself.cli.folder import folder_group
from nself.cli.output import Line, Styled
from nself.errors import UsageError

if TYPE_CHECKING:
    from nself.actions.update.renew import Updated


@folder_group(
    __file__,
    __name__,
    short_help="Newer versions of nself, and of what a project runs.",
    section="Utility",
    invoke_without_command=True,
    result="nself.actions.update.renew:Updated",
)
@click.option("--check", "--plan", "check", is_flag=True, help="Say what there is; change nothing.")
@click.option(
    "--channel",
    type=click.Choice(["stable", "beta"]),
    default="stable",
    show_default=True,
    help="beta: also versions before a release.",
)
@click.option("--to", metavar="VERSION", help="This version, newer or older: also the way back.")
@click.pass_context
@pass_app
def command(app: App, context: click.Context, check: bool, channel: str, to: str | None) -> None:
    """Renew nself by the installer that put it there (pip, pipx or uv), see that the new one runs, and go back if it
    does not. Projects are not touched: what runs goes on with the old version until `nself restart`.

    A checkout, a file or a package of the operating system is renewed by other means, which are said.

    \b
    Examples:
      nself update --check
      nself update
      nself update --to 1.0.0
      nself update images --plan
    """
    if context.invoked_subcommand is not None:
        if check or to or channel != "stable":
            raise UsageError("these options are for nself itself", fixes=["nself update images --help"])
        return
    from nself.actions.update.installation import installation
    from nself.actions.update.renew import Wish, update

    found = installation()
    if not check and not found.way_out:
        app.confirm(f"Renew nself {found.version}, installed by {found.by}?")
    wish = Wish(to=to, beta=channel == "beta", check=check)
    app.output.result(update(found, app.host, app.environ, app.emit, wish), human)


def human(done: Updated) -> Iterator[Line]:
    if done.updated:
        yield Styled(f"✓ nself {done.current} → {done.latest}", "green")
        yield f"next: nself restart, in each project; back again: nself update --to {done.current}"
    elif done.way_out:
        yield f"nself {done.current}, from a {done.installed_by}: what is newer is not known here"
        yield from (f"  {number}. {step}" for number, step in enumerate(done.way_out, 1))
    elif done.latest == done.current:
        yield Styled(f"✓ nself {done.current} is the newest ({done.channel})", "green")
    else:
        yield f"nself {done.current} is installed, {done.latest} there is ({done.channel})"
        yield "next: nself update" + ("" if done.channel == "stable" else f" --channel {done.channel}")
