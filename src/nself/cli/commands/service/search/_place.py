"""Where every sub-command works."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nself.cli.app import App

if TYPE_CHECKING:
    from nself.actions.search.opened import Place


def place(app: App) -> Place:
    from nself.actions.search.opened import Place

    return Place(project=app.project, host=app.host, environ=app.environ, emit=app.emit)
