"""PostgreSQL's extensions: which there are, what each needs of the server, what brings it. `extensions.toml` read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import field, replace
from functools import cache
from pathlib import Path
from typing import Any

from nself.errors import ConfigError, ConfigProblemsError, Problem
from nself.records import dataclass

SETTING = "POSTGRES_EXTENSIONS"
OURS, OFFICIAL = "nself", "postgres"
VOLUME = "/var/lib/postgresql/data"
MOVED = 18
"""From this major on the official image's volume is one folder higher."""
WAY_OUT = "set POSTGRES_IMAGE to an image that has them all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """One row; the fields are explained at the head of the file."""

    name: str
    about: str
    own: bool = False
    ours: bool = True
    since: int = 0
    until: int = 99
    package: str | None = None
    preload: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    first: bool = False
    needs: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    def exists_in(self, major: int) -> bool:
        return self.since <= major <= self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplier:
    """A container image with PostgreSQL and extensions. `name` is its entry in `images.toml`."""

    name: str
    tags: Mapping[int, str]
    extensions: frozenset[str] = frozenset()
    preload: tuple[str, ...] = ()
    volume: str = VOLUME
    folder: str = ""
    """Below the volume: the data folder itself."""

    def has(self, name: str, major: int) -> bool:
        row = table().get(name)
        if row is None or major not in self.tags:
            return False
        part = row.own and row.exists_in(major) and (row.ours or self.name != OURS)
        return part or name in self.extensions


def canonical(name: str) -> str:
    """The name CREATE EXTENSION takes: people write pgvector for `vector`."""
    return _aliases().get(name.strip().lower(), name.strip())


def choose(wanted: Collection[str], major: int) -> Supplier:
    """The smallest image that has every extension of `wanted`; ConfigProblemsError says why there is none."""
    names = list(dict.fromkeys(map(canonical, wanted)))
    refused = [*_unknown(names), *_conflicts(names)]
    if refused:
        raise ConfigProblemsError(refused)
    for each in suppliers():
        if major in each.tags and all(each.has(name, major) for name in names):
            return _placed(each, major)
    raise ConfigProblemsError([_nowhere_together(names, major)])


def official(major: int) -> Supplier:
    """What any image built on the official one has in common with it."""
    return _placed(next(each for each in suppliers() if each.name == OFFICIAL), major)


def libraries(wanted: Iterable[str], also: Iterable[str] = ()) -> tuple[str, ...]:
    """What `shared_preload_libraries` must hold for these extensions, in an order that works; `also` what must be
    loaded whatever is wanted."""
    rows = [row for name in wanted for row in _with_needs(canonical(name))]
    asked = dict.fromkeys([*(row.preload for row in rows if row.preload), *also])
    leading = {row.preload for row in table().values() if row.first}
    return tuple(sorted(asked, key=lambda library: library not in leading))


def settings(wanted: Iterable[str], database: str) -> dict[str, str]:
    """Server settings that come with these extensions."""
    rows = [row for name in wanted for row in _with_needs(canonical(name))]
    return {key: text.replace("{database}", database) for row in rows for key, text in row.settings.items()}


def missing(version: str, names: Sequence[str]) -> ConfigError:
    """The error for extensions that a server of this version lacks; it names what would bring each."""
    major = version.split(".")[0]
    packages = {name: row.package.format(major=major) for name in names if (row := table().get(name)) and row.package}
    fixes = [f"install {package} for {name}, then: nself start" for name, package in packages.items()]
    unknown = [problem.hint or "" for problem in _unknown([name for name in names if name not in packages])]
    images = [f"{name}: in the image {', '.join(found)}" for name in names if (found := _images(name, int(major)))]
    return ConfigError(
        f"{SETTING} asks for {', '.join(names)}, which PostgreSQL {version} does not have",
        fixes=[*fixes[:2], *unknown[:2], *images[:1], f"remove it from {SETTING}"],
    )


@cache
def table() -> Mapping[str, Extension]:
    rows: dict[str, dict[str, Any]] = _file()["extension"]
    return {name: Extension(name=name, **_tuples(row)) for name, row in sorted(rows.items())}


@cache
def suppliers() -> tuple[Supplier, ...]:
    """The images, smallest first."""
    return tuple(
        Supplier(
            **_tuples(row)
            | {"tags": {int(major): tag for major, tag in row["tags"].items()}}
            | {"extensions": frozenset(row.get("extensions", ()))}
        )
        for row in _file()["image"]
    )


def _placed(each: Supplier, major: int) -> Supplier:
    higher = major >= MOVED and each.volume == VOLUME
    return replace(each, volume="/var/lib/postgresql", folder="data") if higher else each


def _with_needs(name: str) -> list[Extension]:
    row = table().get(name)
    return [] if row is None else [*(each for need in row.needs for each in _with_needs(need)), row]


def _unknown(names: Iterable[str]) -> list[Problem]:
    from difflib import get_close_matches

    problems = []
    for name in names:
        if name not in table():
            near = get_close_matches(name.lower(), [*table(), *_aliases()], n=1)
            hint = f"did you mean {near[0]}?" if near else f"nothing known brings {name}: check its spelling"
            problems.append(Problem(path=SETTING, message=f"{name} is no extension that nself knows", hint=hint))
    return problems


def _conflicts(names: Sequence[str]) -> list[Problem]:
    return [
        Problem(path=SETTING, message=f"{name} and {other} cannot be in one server", hint=f"remove {name} or {other}")
        for name in names
        if name in table()
        for other in table()[name].conflicts
        if other in names
    ]


def _nowhere_together(names: Sequence[str], major: int) -> Problem:
    """Which image has which; those that every image has need no mention."""
    majors = sorted({each for supplier in suppliers() for each in supplier.tags})
    if major not in majors:
        known = f"there are images of {majors[0]} to {majors[-1]}"
        return Problem(
            path="POSTGRES_VERSION", message=f"no image of PostgreSQL {major} is known: {known}", hint=WAY_OUT
        )
    rare = [name for name in names if not all(each.has(name, major) for each in suppliers() if major in each.tags)]
    lines = [f"{name} is in {', '.join(_images(name, major)) or 'no image'}" for name in rare]
    message = f"no image of PostgreSQL {major} has all of these: {'; '.join(lines)}"
    return Problem(path=SETTING, message=message, hint=f"{WAY_OUT}, or run natively with the packages installed")


def _images(name: str, major: int) -> list[str]:
    return [each.name for each in suppliers() if each.has(name, major)]


@cache
def _aliases() -> Mapping[str, str]:
    return {alias: row.name for row in table().values() for alias in row.aliases}


def _tuples(row: Mapping[str, Any]) -> dict[str, Any]:
    """TOML has lists where the dataclasses have tuples."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}


@cache
def _file() -> Mapping[str, Any]:
    import tomllib

    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
