"""The YAML of a metadata directory: files joined by `!include`, and the line each entry stands on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from nself.errors import ConfigError
from nself.records import dataclass

_INCLUDE = re.compile(r"^!include\s+(?P<file>.+?)\s*$")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_NESTING = 16
_DEPTH = 200


@dataclass(frozen=True, slots=True)
class Place:
    """A line of one file, the file relative to the metadata directory."""

    file: str
    line: int


class Entries(dict[str, Any]):
    """A mapping that remembers where it and each of its keys stand."""

    __slots__ = ("place", "places")

    place: Place
    places: dict[str, Place]


def like(original: Any, changed: dict[str, Any]) -> dict[str, Any]:
    """A changed copy of a mapping, with the place of the original."""
    if not isinstance(original, Entries):
        return changed
    copy = Entries(changed)
    copy.place, copy.places = original.place, original.places
    return copy


class Loader(yaml.CSafeLoader):
    """YAML 1.2's plain values: `no` is a text, a date is a text, keys stay what they are."""

    file = ""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.rsplit(":", 1)[1] in {"null", "float", "int", "merge"}]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))
Loader.add_constructor("!include", lambda loader, node: f"!include {node.value}")


def _entries(loader: Loader, node: yaml.MappingNode) -> Iterator[Entries]:
    found = Entries()
    yield found
    found.update({str(key): value for key, value in loader.construct_mapping(node).items()})
    found.place = Place(loader.file, node.start_mark.line + 1)
    found.places = {str(key.value): Place(loader.file, key.start_mark.line + 1) for key, _ in node.value}


Loader.add_constructor("tag:yaml.org,2002:map", _entries)


class Dumper(yaml.SafeDumper):
    """Writes what was loaded here, too."""


Dumper.add_representer(Entries, Dumper.represent_dict)


def dump(value: Any) -> str:
    return yaml.dump(value, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=10_000)


def load(folder: Path, file: Path, above: tuple[Path, ...] = ()) -> Any:
    """One file with everything it includes, relative to where it stands; mappings are `Entries`."""
    path = (folder / file).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ConfigError(f"{file} is outside of {folder}: an !include must stay in the metadata directory")
    if path in above or len(above) > _NESTING:
        raise ConfigError(f"{path}: this !include leads back to itself")
    return _included(folder, file, _parsed(path, str(file)), (*above, path))


def place(document: Any, steps: Sequence[str | int]) -> Place | None:
    """The nearest known line for a path into a loaded document: keys and list positions from its top."""
    found: Place | None = None
    value = document
    for step in steps:
        if isinstance(value, Entries) and isinstance(step, str):
            found = value.places.get(step, value.place)
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            break
        if isinstance(value, Entries):
            # An included file knows its own lines; a key of the including one stands for less.
            found = value.place
    return found


def steps(path: str) -> tuple[str | int, ...]:
    """`$.sources[0].tables[3].name` as keys and positions."""
    return tuple(int(number) if number else key for key, number in _STEP.findall(path))


def same(text: str, other: str) -> bool:
    """Whether two YAML texts hold the same values, their layout and comments aside."""
    try:
        return bool(yaml.load(text, Loader) == yaml.load(other, Loader))
    except yaml.YAMLError:
        return False


def _parsed(path: Path, file: str) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
        _refuse_depth(text, path)
        loader = Loader(text)
        loader.file = file
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}{_line(error)} is not YAML: {getattr(error, 'problem', None) or error}") from error


def _line(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f":{mark.line + 1}" if mark else ""


def _refuse_depth(text: str, path: Path) -> None:
    """libyaml builds its tree by recursion, and overflows the stack of the process instead of raising."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEPTH:
                assert event.start_mark is not None
                raise ConfigError(f"{path}:{event.start_mark.line + 1}: nested more than {_DEPTH} levels deep")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _included(folder: Path, file: Path, value: Any, above: tuple[Path, ...]) -> Any:
    match value:
        case str() if match := _INCLUDE.match(value):
            return load(folder, file.parent / match["file"], above)
        case list():
            return [_included(folder, file, item, above) for item in value]
        case Entries():
            for key, item in value.items():
                value[key] = _included(folder, file, item, above)
            return value
        case _:
            return value
