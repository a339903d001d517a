"""A group whose commands are files of a folder: `service/search.py` is `nself service search`. None is registered."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from keyword import iskeyword
from pathlib import Path
from typing import Any

import click

from nself.cli.app import Callback, Group


class Folder(Group):
    """Each file, or folder with an `__init__.py`, exposes `command`; one is imported when it is asked for. A word that
    Python keeps to itself has an underscore behind it (`in_.py`)."""

    def __init__(self, *args: Any, package: str, folder: Path, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.package, self.folder = package, folder

    def list_commands(self, ctx: click.Context) -> list[str]:
        entries = (
            path for path in self.folder.iterdir() if path.stem[0] != "_" and (path.suffix == ".py" or path.is_dir())
        )
        return sorted(path.stem.removesuffix("_").replace("_", "-") for path in entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = cmd_name.replace("-", "_") + ("_" if iskeyword(cmd_name) else "")
        found = import_module(f"{self.package}.{module}").command
        assert isinstance(found, click.Command)
        return found


def folder_group(
    file: str, package: str, *, section: str = "", cls: type[Folder] = Folder, **attributes: Any
) -> Callable[[Callback], Folder]:
    """`@folder_group(__file__, __name__, short_help=...)` in the `__init__.py` of the folder."""

    def decorate(callback: Callback) -> Folder:
        made = click.group(cls=cls, package=package, folder=Path(file).parent, **attributes)(callback)
        made.section = section
        return made

    return decorate
