"""`nself service storage move`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.service.storage.buckets._show import size
from nself.cli.output import Line

if TYPE_CHECKING:
    from nself.actions.objects.move import Moved


@verb(short_help="Files of the folder into the object store.", result="nself.actions.objects.move:Moved")
@pass_app
def command(app: App) -> None:
    """Copy the files that the storage service kept in its folder into the object store, and compare each.
    The folder is kept under another name; after an interruption the same command goes on.

    \b
    Example:
      nself service storage move
    """
    from nself.actions.objects import move as action

    app.output.result(action.move(app.project, app.host, app.environ, app.emit), human)


def human(moved: Moved) -> Iterator[Line]:
    if moved.kept is None:
        yield f"✓ nothing to move: no files are left outside {moved.bucket}"
        return
    there = f", {moved.already_there} were there already" if moved.already_there else ""
    yield f"✓ {moved.files} files ({size(moved.bytes)} copied{there}) are in {moved.bucket}"
    yield f"  the folder is kept as {moved.kept}: delete it when you are content"
    yield "next: nself start"
