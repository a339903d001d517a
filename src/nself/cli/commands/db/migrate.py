"""`nself db migrate up|status|create`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, group, pass_app
from nself.cli.output import Line, Styled, Table

if TYPE_CHECKING:
    from nself.actions.database.migrate import Created, Status, Up


@group(short_help="Apply, list and create migrations.")
def command() -> None:
    """Change the schema by numbered SQL files in db/migrations: each applied once, whole, in order.

    \b
    Examples:
      nself db migrate create add_notes     makes an empty pair of files
      nself db migrate up --dry-run         what would be applied
      nself db migrate up                   applies it
      nself db migrate status
    """


@command.command("up", result="nself.actions.database.migrate:Up", short_help="Apply pending migrations.")
@click.argument("count", required=False, type=click.IntRange(min=1))
@click.option("--to", type=int, metavar="VERSION", help="Stop after this version.")
@click.option("--dry-run", is_flag=True, help="Show what would be applied.")
@click.option(
    "--lock-timeout",
    type=float,
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="Wait this long for another run.",
)
@click.pass_context
@pass_app
def up(app: App, context: click.Context, count: int | None, to: int | None, dry_run: bool, lock_timeout: float) -> None:
    """Apply pending migrations: all, or the next COUNT.

    Each file runs in one transaction together with its entry in the ledger; the first error rolls its file back
    and ends the run. A file headed by `-- nself: no-transaction` holds one statement that PostgreSQL refuses inside
    a transaction.
    """
    from nself.actions.database import connection as database
    from nself.actions.database import evolve, migrate
    from nself.actions.stack import open_stack

    if dry_run:
        result = migrate.up(
            app.project, database.url(app.project, app.host, app.environ), limit=count, to=to, dry_run=True
        )
    else:
        opened = open_stack(app.project, app.host, app.environ, app.emit)
        result = evolve.up(opened, app.emit, limit=count, to=to, lock_wait_s=lock_timeout)
    app.output.result(result, human_up)
    if result.failed:
        context.exit(5)


@command.command(
    "status", result="nself.actions.database.migrate:Status", short_help="List applied and pending migrations."
)
@pass_app
def status(app: App) -> None:
    """List what is applied, what is pending, and files that changed after they were applied."""
    from nself.actions.database import connection as database
    from nself.actions.database import migrate

    app.output.result(migrate.status(app.project, database.url(app.project, app.host, app.environ)), human_status)


@command.command("create", result="nself.actions.database.migrate:Created", short_help="Make an empty migration.")
@click.argument("name")
@pass_app
def create(app: App, name: str) -> None:
    """Make an empty pair of files, named by the time and NAME."""
    from nself.actions.database import migrate

    app.output.result(migrate.create(app.project, name, app.host), human_created)


def human_up(result: Up) -> Iterator[Line]:
    for entry in result.applied:
        yield f"✓ {entry.version}_{entry.name} applied in {entry.execution_ms} ms"
    if result.failed:
        failed = result.failed
        where = f", line {failed.line}" if failed.line else ""
        yield Styled(f"✗ {failed.version}_{failed.name} failed{where}: {failed.error}", "red")
        yield "  nothing of it was kept; correct the file and run: nself db migrate up"
    elif result.dry_run:
        yield f"{result.remaining} would be applied" if result.remaining else "nothing is pending"
    elif not result.applied:
        yield "nothing was pending"


def human_status(result: Status) -> Iterator[Line]:
    drifted = {entry.version for entry in result.drifted}
    rows = [
        (
            str(entry.version),
            entry.name,
            "! changed since" if entry.version in drifted else "✓ applied",
            entry.applied_at,
        )
        for entry in result.applied
    ]
    rows += [(str(entry.version), entry.name, "pending", "") for entry in result.pending]
    yield Table(("VERSION", "NAME", "STATE", "APPLIED"), sorted(rows, key=lambda row: int(row[0])))
    yield f"{len(result.applied)} applied, {len(result.pending)} pending"


def human_created(result: Created) -> Iterator[Line]:
    yield from (f"created {file}" for file in result.files)
    yield "next: write the change into it, then nself db migrate up"
