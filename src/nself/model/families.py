"""Numbered families (`CS_1`, `FRONTEND_APP_2_PORT`) and their YAML twins -> one settings object an entry."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from typing import Generic, TypeVar

from nself import settings
from nself.errors import ConfigProblemsError, Problem
from nself.model.document import Document, Entry, fields_of
from nself.model.project import Value
from nself.records import dataclass

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Member(Generic[T]):
    """One entry of a family, read. `places` says where each field stands, for problems about it."""

    path: str
    number: int
    settings: T
    name: str | None = None
    """The name, when the place it was written in is the name (YAML)."""
    template: str | None = None
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    file: str | None = None
    line: int | None = None
    places: Mapping[str, Value] = field(default_factory=dict)

    def problem(self, field: str, message: str, hint: str | None = None) -> Problem:
        """A problem with one field of this entry, at the line where it was written."""
        value = self.places.get(field)
        if value is None:
            return Problem(path=self.path, message=message, file=self.file, line=self.line, hint=hint)
        return Problem(path=value.key, message=message, file=value.file, line=value.line, hint=hint)


def from_variables(prefix: str, cls: type[T], values: Mapping[str, Value]) -> list[Member[T]]:
    """Every number that has any variable, in order; gaps are fine. Values that do not parse are left at their default:
    the check of all values has reported them."""
    members = []
    for number, found in sorted(_by_number(prefix, values).items()):
        texts = {general: value.text for general, value in found.items()}
        extra = f"{prefix}_N_ENV_"
        first = min(found.values(), key=lambda value: (value.line or 0, len(value.key)))
        members.append(
            Member(
                path=f"{prefix}_{number}",
                number=number,
                settings=tolerant(cls, texts),
                env={name.removeprefix(extra): text for name, text in texts.items() if name.startswith(extra)},
                file=first.file,
                line=first.line,
                places=_places(cls, found),
            )
        )
    return members


def from_document(section: str, cls: type[T], document: Document) -> tuple[list[Member[T]], list[Problem]]:
    """The entries of one list of nself.yml, and the problems of their values."""
    entries: tuple[Entry, ...] = getattr(document, section)
    members, problems = [], []
    for number, entry in enumerate(entries, 1):
        path = f"{section}.{entry.name}"
        known = fields_of(section)
        texts = {known[key].variable.name: text for key, text in entry.texts.items() if key in known}
        for problem in _problems(cls, texts):
            key = next(key for key, item in known.items() if item.variable.name == problem.path)
            line = entry.lines.get(key, entry.line)
            problems.append(Problem(path=f"{path}.{key}", message=problem.message, file=document.file, line=line))
        places = {
            known[key].field: Value(
                key=f"{path}.{key}", text=text, layer="nself.yml", file=document.file, line=entry.lines[key]
            )
            for key, text in entry.texts.items()
            if key in known
        }
        members.append(
            Member(
                path=path,
                number=number,
                settings=tolerant(cls, texts),
                name=entry.name,
                template=entry.texts.get("template"),
                env=entry.env,
                file=document.file,
                line=entry.line,
                places=places,
            )
        )
    return members, problems


def tolerant(cls: type[T], texts: Mapping[str, str]) -> T:
    """`cls` read from the texts, those with a problem left out."""
    good = dict(texts)
    while True:
        try:
            return settings.from_env(cls, good)
        except ConfigProblemsError as error:
            for problem in error.problems:
                del good[problem.path]


def _problems(cls: type, texts: Mapping[str, str]) -> tuple[Problem, ...]:
    try:
        settings.from_env(cls, texts)
    except ConfigProblemsError as error:
        return error.problems
    return ()


def _by_number(prefix: str, values: Mapping[str, Value]) -> dict[int, dict[str, Value]]:
    pattern = re.compile(rf"{prefix}_([1-9][0-9]{{0,5}})(_.*)?")
    out: dict[int, dict[str, Value]] = {}
    for key, value in values.items():
        found = pattern.fullmatch(key)
        if found:
            out.setdefault(int(found[1]), {})[f"{prefix}_N{found[2] or ''}"] = value
    return out


def _places(cls: type, found: Mapping[str, Value]) -> dict[str, Value]:
    names = {item.variable.name: item.field for item in settings.describe(cls)}
    return {names[general]: value for general, value in found.items() if general in names}
