"""Templates of custom services, as their `template.toml` describes them. Package data, read when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from functools import cache
from pathlib import Path
from typing import Any

from nself.model.spec import Preparation, Program, Task
from nself.records import dataclass

FOLDER = Path(__file__).parent.parent / "templates" / "services"
FILE = "template.toml"
"""Beside the files that are scaffolded; itself it stays here."""
CUSTOM = "custom"
"""The template of services that bring their own way to run: known even where nothing is scaffolded for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One folder below `templates/services`. Commands are argv in the service's folder; there is no shell."""

    name: str
    language: str
    framework: str
    summary: str
    command: tuple[str, ...] = ()
    """What runs natively; `$PORT` and `$HOST` stand for what the service is given. Empty: the user must say."""
    test: tuple[tuple[str, ...], ...] = ()
    """What runs its own tests, once it is prepared."""
    preparation: Preparation = field(default_factory=Preparation)

    @property
    def folder(self) -> Path:
        return FOLDER / self.name


@cache
def names() -> tuple[str, ...]:
    """Every template there is, by a look at the folder: nothing is parsed."""
    return tuple(sorted({CUSTOM, *(file.parent.name for file in FOLDER.glob(f"*/{FILE}"))}))


@cache
def get(name: str) -> Template:
    """One of `names()`."""
    import tomllib

    file = FOLDER / name / FILE
    if not file.is_file():
        return Template(name=name, language="any", framework="none", summary="Your own program.")
    return parse(name, tomllib.loads(file.read_text(encoding="utf-8")))


def parse(name: str, given: Mapping[str, Any]) -> Template:
    """The dataclass of one file's tables. A key that nobody knows is a TypeError: these files are the product's own."""
    rest = dict(given)
    programs, tasks = rest.pop("programs", {}), rest.pop("tasks", [])
    preparation = Preparation(
        programs=tuple(Program(name=program, hint=hint) for program, hint in programs.items()),
        tasks=tuple(Task(**{key: _frozen(value) for key, value in task.items()}) for task in tasks),
    )
    return Template(name=name, preparation=preparation, **{key: _frozen(value) for key, value in rest.items()})


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
