"""`nself exec`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from nself.cli.app import App, pass_app, verb


@verb(
    short_help="Run a program as a service would: psql, a shell.",
    section="Status",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.option("-T", "--no-tty", is_flag=True, help="Give the program no terminal, even if there is one.")
@click.option("-i", "-t", "-it", "interactive", is_flag=True, hidden=True, help="The terminal is passed on by itself.")
@click.option("-w", "--workdir", type=click.Path(path_type=Path), metavar="DIR", help="Run it in DIR.")
@click.option(
    "-e", "--set-env", "variables", multiple=True, metavar="NAME=TEXT", help="Set a variable; may be repeated."
)
@click.argument("service")
@click.argument("argv", nargs=-1, type=click.UNPROCESSED, metavar="[--] [COMMAND]...")
@pass_app
def command(
    app: App,
    no_tty: bool,
    interactive: bool,
    workdir: Path | None,
    variables: tuple[str, ...],
    service: str,
    argv: tuple[str, ...],
) -> None:
    """Run COMMAND with a service's variables, in its folder; without COMMAND psql for postgres, a shell for others.

    Nothing of ours is printed, and the exit code is the program's own.

    \b
    Examples:
      nself exec postgres
      nself exec postgres psql -c 'select now()'
      nself exec auth -- env
    """
    from nself.actions import exec as action
    from nself.actions.exec import Inside

    pairs = dict(_pair(text) for text in variables)
    wish = Inside(argv=argv, workdir=workdir, env=pairs, terminal=not no_tty and sys.stdin.isatty())
    found = action.command(app.project, app.host, app.environ, service, wish)
    app.host.replace_process(found.argv, env=found.env, cwd=found.cwd)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise click.UsageError(f"{text!r} is not of the form NAME=TEXT")
    return name, value
