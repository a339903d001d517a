"""Name a frontend in nself.yml, or take one out of the project's files. Its own files are never touched."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from nself.actions import derived
from nself.actions.config import change as config_change
from nself.actions.config.change import Edit, Target
from nself.actions.frontends import listing
from nself.actions.frontends.listing import Listed
from nself.errors import ConfigError, UsageError
from nself.host import LocalHost
from nself.model import dotenv, hosting
from nself.model.document import FILES
from nself.model.load import Loaded
from nself.model.project import Frontend, Project
from nself.records import dataclass

_NAME = re.compile(r"FRONTEND_APP_([1-9][0-9]*)_(?:SYSTEM_)?NAME")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the user says of a frontend; None leaves it to its default."""

    name: str
    port: int | None = None
    route: str | None = None
    framework: str | None = None
    path: str | None = None
    dist: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """`file` is where it is named; `added` is false when it was there, just so, before."""

    frontend: Listed
    file: str
    added: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """`path` is the folder with the frontend's own files, which stay."""

    name: str
    files: tuple[str, ...]
    path: str | None


def add(target: Target, wish: Wish) -> Added:
    """Name it in nself.yml. One that is there already is not changed, one that could not be served is refused."""
    _check_place(target, wish)
    with target.host.hold(target.root, wait_s=5):
        before = target.inspect()
        project = before.checked()
        there = next((each for each in project.frontends if each.name == wish.name), None)
        if there is None:
            file, after = config_change.insert_entry(
                target, before, "frontends", wish.name, _fields(wish), f"frontend add {wish.name}"
            )
            project = after.checked()
        else:
            _check_same(there, wish)
            file = _file_of(before, wish.name)
    return Added(frontend=_shown(project, target.host, wish.name), file=file, added=there is None)


def remove(target: Target, name: str) -> Removed:
    """Take it out of nself.yml, or out of every env file that has a variable of it."""
    before = target.inspect()
    found = listing.find(before.checked(), name)
    edits = _edits(target, before, name)
    config_change.apply(target, edits, f"frontend remove {name}")
    if any(each.name == name for each in target.inspect().checked().frontends):
        raise ConfigError(
            f"{name} is named in this shell's environment too", fixes=["unset its FRONTEND_APP_N_ variables"]
        )
    return Removed(name=name, files=tuple(edit.file for edit in edits), path=found.path)


def _check_place(target: Target, wish: Wish) -> None:
    if (wish.path or wish.dist) and hosting.inside(target.root, wish.path or "", wish.dist or "") is None:
        raise UsageError(
            f"{'/'.join(part for part in (wish.path, wish.dist) if part)} cannot be served from: it is not a folder "
            "below the project's own",
            fixes=["move the site below the project's folder", f"nself frontend add {wish.name} --path web"],
        )


def _fields(wish: Wish) -> dict[str, str]:
    pairs = {"path": wish.path, "dist": wish.dist, "route": wish.route, "framework": wish.framework}
    # A string of JSON is one of YAML, whatever stands in it; a plain word needs no quotes.
    texts = {key: _scalar(text) for key, text in pairs.items() if text is not None}
    return texts | ({"port": str(wish.port)} if wish.port else {})


def _scalar(text: str) -> str:
    return text if re.fullmatch(r"[a-z][a-z./_-]*[a-z]", text) else json.dumps(text, ensure_ascii=False)


def _check_same(there: Frontend, wish: Wish) -> None:
    """A frontend that is there is not changed by being asked for again in another way."""
    asked = {
        "port": (wish.port, there.port),
        "framework": (wish.framework, there.framework),
        "path": (wish.path, there.path),
        "dist": (wish.dist, there.dist),
    }
    for field, (wanted, has) in asked.items():
        if wanted is not None and wanted != has:
            raise ConfigError(
                f"{there.name} is there already, with {field} {has or 'unset'}",
                fixes=["choose another name", f"nself frontend remove {there.name}, then add it anew"],
            )


def _edits(target: Target, before: Loaded, name: str) -> Sequence[Edit]:
    numbers = {
        match[1]
        for key, value in before.cascade.values.items()
        if (match := _NAME.fullmatch(key)) and value.text == name
    }
    edits = list(_without(target, numbers)) if numbers else []
    if any(each.name == name for each in before.document.frontends):
        edits.append(config_change.remove_entry(target, before, "frontends", name))
    return edits


def _without(target: Target, numbers: set[str]) -> Iterator[Edit]:
    """The env files of every environment: what stayed in one would be a frontend without a name there."""
    ours = re.compile(rf"FRONTEND_APP_({'|'.join(numbers)})_\w+")
    found = []
    for file in config_change.env_files(target):
        old = new = config_change.current_text(target, file)
        keys = [entry.key for entry in dotenv.parse(old, file).entries if ours.fullmatch(entry.key)]
        for key in dict.fromkeys(keys):
            new = dotenv.remove(new, file, key)
        if new != old:
            found.append((any(_NAME.fullmatch(key) for key in keys), Edit(file=file, old=old, new=new)))
    # The name goes last: settings of a frontend without one are a mistake.
    yield from (edit for _, edit in sorted(found, key=lambda pair: pair[0]))


def _file_of(loaded: Loaded, name: str) -> str:
    listed = any(each.name == name for each in loaded.document.frontends)
    return (loaded.document.file or FILES[0]) if listed else ".env"


def _shown(project: Project, host: LocalHost, name: str) -> Listed:
    network = derived.remembered(project, host).network
    found = listing.find(project, name)
    return listing.listed(found, project, network.public_url(found.host))
