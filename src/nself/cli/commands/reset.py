"""`nself reset`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line

if TYPE_CHECKING:
    from nself.actions.reset import WasReset


@verb(
    short_help="Delete data and generated files, after a backup.",
    section="Core lifecycle",
    result="nself.actions.reset:WasReset",
)
@click.option("-f", "--force", is_flag=True, help="Do not ask.")
@click.option("--no-backup", is_flag=True, help="Skip the backup of data and configuration.")
@click.option("--keep-env", is_flag=True, hidden=True, help="Always done: env files are yours.")
@pass_app
def command(app: App, force: bool, no_backup: bool, keep_env: bool) -> None:
    """Stop everything, back up data and configuration to _backup/, delete data and generated files.

    Your own files stay: env files, nself.yml, metadata, migrations, functions, services. Refused in production.

    \b
    Examples:
      nself reset
      nself reset --no-backup --yes
    """
    from nself.actions import reset as action

    action.check(app.project)
    if not force:
        lost = "will be deleted, without a backup" if no_backup else "will be deleted, after a backup to _backup/"
        app.confirm("Reset it?", consequence=f"All data of {app.project.name} {lost}.")
    wishes = action.Wishes(backup=not no_backup)
    app.output.result(action.reset(app.project, app.host, app.environ, app.emit, wishes), human)


def human(done: WasReset) -> Iterator[Line]:
    files = ", ".join(done.removed.files) or "no files"
    yield f"✓ reset: the data of {done.removed.volumes} volumes and {files} deleted"
    if done.backup:
        yield f"  backup: {done.backup}"
    yield f"  kept: {', '.join(done.kept)}"
    yield "next: nself start"
