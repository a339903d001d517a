"""`nself init`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.errors import UsageError

if TYPE_CHECKING:
    from nself.actions.init import Initialised
    from nself.actions.scaffold import Wish


@verb(
    short_help="Create a project in this folder.",
    section="Core lifecycle",
    result="nself.actions.init:Initialised",
)
@click.option("--full", is_flag=True, help="All environment files and a TypeScript function too.")
@click.option("--demo", is_flag=True, help="A small working application to look at and take apart.")
@click.option("--wizard", is_flag=True, help="Ask for everything; the default on a terminal when no option is given.")
@click.option("--name", metavar="NAME", help="Name of the project; the folder's when not given.")
@click.option("--domain", metavar="DOMAIN", help="Domain of its hosts; localhost when not given.")
@click.option("--no-git", is_flag=True, help="Leave .gitignore alone.")
@click.option("-f", "--force", is_flag=True, help="Write the settings of an existing project anew, keeping copies.")
@pass_app
def command(
    app: App, full: bool, demo: bool, wizard: bool, name: str | None, domain: str | None, no_git: bool, force: bool
) -> None:
    """Create a project: nself.yml, .env with fresh secrets, metadata, migrations and a function. All of it or nothing.

    \b
    Examples:
      nself init                                 ask, then create
      nself init --name shop --domain shop.test  create without asking
      nself init --demo --yes && nself start     a running demo in an empty folder
      nself init --name shop --runtime compose   to run in containers
    """
    from nself.actions import init
    from nself.actions.config import read as config
    from nself.actions.scaffold import Mode, Wish
    from nself.model.checks import suggested
    from nself.model.spec import Runtime

    if full and demo:
        raise UsageError("--full and --demo exclude each other", fixes=["nself init --demo"])
    if wizard and not app.output.interactive:
        raise UsageError("--wizard asks questions, and there is no terminal", fixes=["nself init --yes"])
    decided = full or demo or name or domain or force or app.assume_yes
    asks = wizard or (app.output.interactive and not decided)
    root = app.directory.resolve()
    wish = Wish(
        name=name or (suggested(root.name) if asks else init.default_name(root)),
        domain=domain or "localhost",
        env=config.environment(app.env or "dev"),
        mode=Mode.DEMO if demo else Mode.FULL if full else Mode.MINIMAL,
        runtime=app.runtime or Runtime.NATIVE,
    )
    if asks:
        init.check_place(root, app.host, force=force)
        wish = ask(wish)
    done = init.init(root, wish, app.host, force=force, git=not no_git, emit=app.emit)
    app.output.result(done, human)


def ask(first: Wish) -> Wish:
    """The wizard. Each question shows what happens when you just press Enter."""
    from nself.actions import init
    from nself.actions.scaffold import Mode, Wish
    from nself.model.project import Environment
    from nself.model.spec import Runtime

    def checked(text: str) -> str:
        try:
            init.check_wish(Wish(name=text))
        except UsageError as error:
            raise click.BadParameter(error.message) from None
        return text

    def domain(text: str) -> str:
        try:
            init.check_wish(Wish(name="x", domain=text))
        except UsageError as error:
            raise click.BadParameter(error.message) from None
        return text

    # Values, not members: click would offer an enumeration's names.
    envs, modes = click.Choice([each.value for each in Environment]), click.Choice([each.value for each in Mode])
    runtimes = click.Choice([Runtime.NATIVE.value, Runtime.COMPOSE.value])
    wish = Wish(
        name=click.prompt("Project name", default=first.name, value_proc=checked, err=True),
        domain=click.prompt("Domain", default=first.domain, value_proc=domain, err=True),
        env=Environment(click.prompt("Environment", default=first.env.value, type=envs, err=True)),
        mode=Mode(click.prompt("Contents", default=first.mode.value, type=modes, err=True)),
        runtime=Runtime(click.prompt("Runtime", default=first.runtime.value, type=runtimes, err=True)),
    )
    click.echo(f"\n{wish.name}, {wish.mode} project for {wish.env} at *.{wish.domain}, {wish.runtime}", err=True)
    if not click.confirm("Create it?", default=True, err=True):
        raise UsageError("nothing was created: you said no")
    return wish


def human(done: Initialised) -> list[str]:
    kind = [done.mode.value, done.env.value, *(["compose"] if done.runtime == "compose" else [])]
    elsewhere = [f"cd {shlex.quote(str(done.root))}"] if done.root != Path.cwd() else []
    return [
        f"Created {done.project} ({', '.join(kind)}, *.{done.domain})",
        *(f"  + {path}" for path in done.created),
        *(f"  = {path} (kept as it was)" for path in done.skipped),
        *(f"  ~ {path} (copy of the old one)" for path in done.backed_up),
        "",
        "Next:",
        *(f"  {number}. {step}" for number, step in enumerate((*elsewhere, *done.next), 1)),
    ]
