"""Reading the conformance data: `cases.json` and YAML 1.2 files."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

Json = Any
Step = dict[str, Any]
Group = dict[str, Any]


class Yaml12(yaml.CSafeLoader):
    """PyYAML speaks YAML 1.1: here `yes` and `on` are texts, and there are no dates or base-60 numbers."""


Yaml12.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.rsplit(":", 1)[1] in {"null", "merge"}]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
Yaml12.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
Yaml12.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?[0-9]+$"), list("-+0123456789"))
Yaml12.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$"),
    list("-+.0123456789"),
)


def _integer(loader: Yaml12, node: yaml.ScalarNode) -> int:
    return int(node.value)


def _float(loader: Yaml12, node: yaml.ScalarNode) -> float:
    return float(node.value)


Yaml12.add_constructor("tag:yaml.org,2002:int", _integer)
Yaml12.add_constructor("tag:yaml.org,2002:float", _float)


def read_yaml(file: Path) -> Json:
    return _json_keys(yaml.load(file.read_text(encoding="utf-8"), Yaml12))


def _json_keys(value: Json) -> Json:
    """Keys that are not texts stand for their JSON text."""
    match value:
        case dict():
            return {key if isinstance(key, str) else json.dumps(key): _json_keys(item) for key, item in value.items()}
        case list():
            return [_json_keys(item) for item in value]
        case _:
            return value


@cache
def classes(folder: Path) -> dict[str, list[Group]]:
    """{area: its classes}, in the order of the file."""
    areas: dict[str, list[Group]] = {}
    for entry in json.loads((folder / "cases.json").read_text(encoding="utf-8"))["classes"]:
        areas.setdefault(entry["group"], []).append(entry)
    return areas
