"""`nself service mlflow configure`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.config.change import target
from nself.cli.output import Line
from nself.errors import UsageError

if TYPE_CHECKING:
    from nself.actions.service.mlflow_settings import Configured

WORDS = ("username", "password", "port")


@verb(short_help="Its port, its user and password.", result="nself.actions.service.mlflow_settings:Configured")
@click.argument("what", type=click.Choice(WORDS), metavar=f"[{'|'.join(WORDS)}]")
@click.argument("value", required=False)
@pass_app
def command(app: App, what: str, value: str | None) -> None:
    """Change MLflow's port, or the user and password of those who see it. A running MLflow that asks for a password is
    told first. A password is asked for on a terminal, or read from standard input with a lone `-`.

    \b
    Examples:
      nself service mlflow configure port 5010
      nself service mlflow configure username ada
      pass show mlflow | nself service mlflow configure password -
    """
    from nself.actions.service.mlflow_settings import Word, configure

    word: Word = "username" if what == "username" else "password" if what == "password" else "port"
    app.output.result(configure(target(app, {}), word, given(app, what, value)), human)


def given(app: App, what: str, value: str | None) -> str:
    if value == "-":
        return sys.stdin.read().rstrip("\r\n")
    if what == "password" and value is not None:
        raise UsageError(
            "a password does not belong on a command line",
            fixes=["leave it out to be asked", "nself service mlflow configure password - reads standard input"],
        )
    if value is not None:
        return value
    if not app.output.interactive:
        raise UsageError(f"name the {what}", fixes=[f"nself service mlflow configure {what} -"])
    text: str = click.prompt(what.capitalize(), hide_input=what == "password", err=True)
    return text


def human(done: Configured) -> Iterator[Line]:
    yield f"✓ {done.key} is written to {done.file}" + (", and the running MLflow took it" if done.told else "")
    yield "next: nself start"
