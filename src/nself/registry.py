"""A folder of like parts is its own registry: every module in it exposes one name, plugins come in by entry points."""

from __future__ import annotations

import pkgutil
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")


def names(package: ModuleType) -> list[str]:
    """The parts of a folder by file name, without importing any of them."""
    return sorted(info.name for info in pkgutil.iter_modules(package.__path__) if not info.name.startswith("_"))


def load(package: ModuleType, attribute: str, kind: type[T]) -> dict[str, T]:
    """{module name: its `attribute`} for the folder, then for entry points of group `<package>` (`nself.services`)."""
    parts: dict[str, T] = {}
    for name in names(package):
        part = getattr(import_module(f"{package.__name__}.{name}"), attribute, None)
        if isinstance(part, kind):
            parts[name] = part
    if not _declared(package.__name__):
        return parts
    # Costs as much to import as everything else here together, and most installations have no plugins.
    from importlib import metadata

    for entry in metadata.entry_points(group=package.__name__):
        part = entry.load()
        if not isinstance(part, kind):
            raise TypeError(f"plugin entry point {entry.value} is not a {kind.__name__}")
        parts[entry.name] = part
    return parts


def _declared(group: str) -> bool:
    """Whether any installed package declares entry points of this group."""
    files = (file for folder in sys.path for file in Path(folder).glob("*.dist-info/entry_points.txt"))
    return any(f"[{group}]" in file.read_text(encoding="utf-8", errors="replace") for file in files)
