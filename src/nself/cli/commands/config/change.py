"""`nself config set|import|edit`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nself.cli.app import App, Callback, pass_app, verb
from nself.cli.output import Line, Styled
from nself.errors import ConfigProblemsError, UsageError

if TYPE_CHECKING:
    from nself.actions.config.change import Edited, Imported, Set, Target

file_option = click.option("--file", metavar="FILE", help="Which env file to change, as .env.prod.")


def change_options(command: Callback) -> Callback:
    for option in (
        click.option("--no-backup", is_flag=True, help="Keep no copy of the file as it was."),
        click.option("-f", "--force", is_flag=True, help="Also unknown keys, and values that would not load."),
        file_option,
    ):
        command = option(command)
    return command


@verb(name="set", short_help="Set one key.", result="nself.actions.config.change:Set")
@click.argument("key")
@click.argument("value")
@change_options
@pass_app
def set_value(app: App, /, key: str, value: str, **options: Any) -> None:
    """Set one key in the file that says it now, or in .env. Comments and all other lines stay as they are.

    The value is taken literally; a lone `-` reads it from stdin, which keeps a secret out of the shell's history.

    \b
    Examples:
      nself config set LOG_LEVEL debug
      nself config set PROD_DOMAIN shop.example --file .env.prod
      pass show smtp | nself config set AUTH_SMTP_PASS -
    """
    from nself.actions.config import change as config_change

    def human(done: Set) -> Iterator[Line]:
        yield f"{done.file}:{done.line}: {done.key}={done.value}"
        if not done.effective:
            yield Styled(f"! {done.winner} says otherwise and wins", "yellow")

    text = sys.stdin.read().rstrip("\r\n") if value == "-" else value
    app.output.result(config_change.set_value(target(app, options), key, text, file=options["file"]), human)


@verb(name="import", short_help="Set every key of an env file.", result="nself.actions.config.change:Imported")
@click.argument("source", type=click.Path(path_type=Path))
@change_options
@pass_app
def import_file(app: App, /, source: Path, **options: Any) -> None:
    """Set every key of another env file in .env, all of them or none.

    \b
    Example:
      nself config import old-project.env
    """
    from nself.actions.config import change as config_change

    def human(done: Imported) -> Iterator[Line]:
        yield f"{len(done.imported)} set in {done.file}, {len(done.unchanged)} were the same"

    given = app.host.read(source)
    app.output.result(config_change.import_file(target(app, options), given, file=options["file"]), human)


@verb(short_help="Edit an env file, checked when you save.", result="nself.actions.config.change:Edited")
@change_options
@pass_app
def edit(app: App, /, **options: Any) -> None:
    """Open .env in $EDITOR. What you save is checked; with a mistake in it nothing is written until you mend it.

    \b
    Example:
      nself config edit --file .env.prod
    """
    from nself.actions.config import change as config_change

    if not app.output.interactive:
        raise UsageError("an editor needs a terminal, and there is none", fixes=["nself config set KEY VALUE"])
    place, file = target(app, options), options["file"] or ".env"
    old = text = config_change.current_text(place, file)
    while True:
        saved = click.edit(text, extension=".env")
        text = text if saved is None else saved
        try:
            done = config_change.replace_text(place, file, old, text)
            break
        except ConfigProblemsError as error:
            app.output.error(error)
            if not app.output.ask("Edit again? Otherwise nothing is changed."):
                raise UsageError("nothing was changed") from error

    def human(found: Edited) -> Iterator[Line]:
        yield f"{found.file} is changed" if found.changed else "nothing was changed"

    app.output.result(done, human)


def target(app: App, options: dict[str, Any]) -> Target:
    from nself.actions.config.change import Target

    return Target(
        directory=app.directory,
        environ=app.environ,
        host=app.host,
        env=app.env,
        runtime=app.runtime,
        force=options.get("force", False),
        backup=not options.get("no_backup", False),
        emit=app.emit,
    )


COMMANDS = (set_value, import_file, edit)
