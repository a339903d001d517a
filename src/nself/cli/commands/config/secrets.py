"""`nself config secrets generate|validate`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nself.cli.app import App, group, pass_app, verb
from nself.cli.commands.config.change import file_option, target
from nself.cli.commands.config.read import inspect, report
from nself.cli.output import Line

if TYPE_CHECKING:
    from nself.actions.config.change import Generated


@group(name="secrets", short_help="Make and check the project's secrets.")
def command() -> None:
    """The project's secrets: passwords and keys that `nself init` makes.

    \b
    Examples:
      nself config secrets generate --env prod
      nself config secrets validate
    """


@verb(short_help="Make those that are missing.", result="nself.actions.config.change:Generated")
@file_option
@pass_app
def generate(app: App, file: str | None) -> None:
    """Make every secret that is missing: in .env in dev, in .env.secrets elsewhere. Existing ones are never touched.

    \b
    Example:
      nself config secrets generate --env prod
    """
    from nself.actions.config import change as config_change

    def human(done: Generated) -> Iterator[Line]:
        yield from (f"+ {name} in {done.file}" for name in done.generated)
        yield f"{len(done.generated)} made, {len(done.kept)} were there"

    app.output.result(config_change.generate_secrets(target(app, {}), file=file), human)


@verb(short_help="Check their strength.", result="nself.actions.config.read:Validated")
@pass_app
def validate(app: App) -> int:
    """Check that every secret is there, long enough and not a well-known default. Exits 1 when one is not.

    \b
    Example:
      nself config secrets validate --env prod
    """
    from nself.actions.config import read as config

    found = config.validate_secrets(inspect(app))
    app.output.result(found, report)
    return 0 if found.valid else 1


command.add_command(generate)
command.add_command(validate)
