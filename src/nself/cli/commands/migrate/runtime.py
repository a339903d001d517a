"""`nself migrate runtime`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line, Styled

if TYPE_CHECKING:
    from nself.actions.moving import Moved, Planned


@verb(
    short_help="Move the project between processes and containers.",
    result="nself.actions.moving:Moved",
)
@click.argument("target", type=click.Choice(["native", "compose"]))
@click.option("--dry-run", is_flag=True, help="Say what would be done; touch nothing.")
@pass_app
def command(app: App, target: str, dry_run: bool) -> None:
    """Move this project to the runtime TARGET with its database and its files.

    Everything is stopped meanwhile. The database is dumped and restored, files are copied, and both are compared with
    what they were before nself.yml is changed. The data of the old runtime stays where it is until you delete it.

    \b
    Examples:
      nself migrate runtime compose --dry-run
      nself migrate runtime compose
      nself migrate runtime native
    """
    from nself.actions import moving
    from nself.model.spec import Runtime

    wanted = Runtime(target)
    if dry_run:
        app.output.result(moving.preview(app.project, app.host, app.environ, app.emit, wanted), human_plan)
        return
    moving.refuse_same(app.project, wanted)
    app.confirm(
        f"Move {app.project.name} from {app.project.runtime} to {target}?",
        consequence="Everything stops while its data is carried over.",
    )
    app.output.result(moving.move(app.project, app.host, app.environ, app.emit, wanted), human)


def human_plan(planned: Planned) -> Iterator[Line]:
    for number, step in enumerate(planned.steps, 1):
        yield f"{number}. {step}"


def human(moved: Moved) -> Iterator[Line]:
    rows = sum(moved.rows.values())
    yield Styled(
        f"✓ {moved.project} moved from {moved.source} to {moved.target} in {moved.duration_ms / 1000:.1f} s", "green"
    )
    yield f"  {rows} rows of {len(moved.rows)} tables, compared"
    for name, content in moved.files.items():
        yield f"  {content.files} files of {name}, {content.bytes} bytes, compared"
    yield f"  the old data is still there: {moved.kept}"
    yield "next: nself status" if moved.started else "next: nself start"
