"""The metadata directory of version 3, as the Hasura CLI keeps it: which file holds which part."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from nself.errors import ConfigError
from nself.graphql.errors import ApiError
from nself.graphql.metadata import action_types, export, files, parse
from nself.graphql.metadata.model import Metadata

LISTS = {
    "remote_schemas.yaml": "remote_schemas",
    "cron_triggers.yaml": "cron_triggers",
    "query_collections.yaml": "query_collections",
    "allow_list.yaml": "allowlist",
    "rest_endpoints.yaml": "rest_endpoints",
    "inherited_roles.yaml": "inherited_roles",
}
OBJECTS = {
    "network.yaml": "network",
    "api_limits.yaml": "api_limits",
    "graphql_schema_introspection.yaml": "graphql_schema_introspection",
    "metrics_config.yaml": "metrics_config",
    "opentelemetry.yaml": "opentelemetry",
    "backend_configs.yaml": "backend_configs",
}
OTHERS = "other.yaml"
"""Parts of the metadata that have no file of their own."""

_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]")


def read(folder: Path) -> Metadata:
    """The metadata that the folder holds. ConfigError names the file, the place and what is wrong."""
    try:
        return parse.metadata(read_json(folder))
    except ApiError as error:
        raise ConfigError(f"{folder}: {error.message} at {error.path}") from error


def read_json(folder: Path) -> dict[str, Any]:
    """The directory as one JSON document, not yet checked against the model."""
    if not (folder / "version.yaml").is_file():
        inside = folder / "metadata"
        fixes = [f"the directory {inside} is one: name that"] if (inside / "version.yaml").is_file() else []
        raise ConfigError(f"{folder} is no metadata directory: it has no version.yaml", fixes=fixes)
    version = files.load(folder, Path("version.yaml"))
    if not isinstance(version, dict) or version.get("version") != 3:
        raise ConfigError(f"{folder / 'version.yaml'}: expected `version: 3`")
    whole: dict[str, Any] = {"version": 3, "sources": _optional(folder, "databases/databases.yaml") or []}
    for file, key in (LISTS | OBJECTS).items():
        part = _optional(folder, file)
        if part:
            whole[key] = part
    return {**whole, **_actions(folder), **(_optional(folder, OTHERS) or {})}


def render(metadata: Metadata) -> dict[str, str]:
    """{path: text} of the whole directory, the same bytes for the same metadata."""
    whole = export.shown(metadata)
    texts: dict[str, Any] = {"version.yaml": {"version": 3}}
    texts |= _render_sources(whole.pop("sources"))
    del whole["version"]
    for file, key in (LISTS | OBJECTS).items():
        texts[file] = whole.pop(key, [] if file in LISTS else {})
    definitions, sdl = action_types.split(whole.pop("actions", []), whole.pop("custom_types", {}))
    texts["actions.yaml"] = definitions
    if whole:
        texts[OTHERS] = whole
    return {path: files.dump(value) for path, value in sorted(texts.items())} | {"actions.graphql": sdl}


def digest(metadata: Metadata) -> str:
    """A fingerprint of the content: comments and layout of the files do not count."""
    return hashlib.sha256(json.dumps(export.shown(metadata), sort_keys=True).encode()).hexdigest()


def _optional(folder: Path, file: str) -> Any:
    return files.load(folder, Path(file)) if (folder / file).is_file() else None


def _actions(folder: Path) -> dict[str, Any]:
    definitions = _optional(folder, "actions.yaml")
    if not definitions:
        return {}
    sdl = folder / "actions.graphql"
    try:
        joined = action_types.joined(definitions, sdl.read_text(encoding="utf-8") if sdl.is_file() else "")
    except ValueError as error:
        raise ConfigError(f"{sdl}: {error}") from error
    if "actions" in joined:
        joined["actions"] = list(map(files.like, definitions["actions"], joined["actions"]))
    return joined


def _render_sources(sources: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    texts: dict[str, Any] = {}
    index = []
    for source in sources:
        home = _file_name(source["name"])
        index.append({**source, "tables": f"!include {home}/tables/tables.yaml"})
        names = _table_files([table["table"] for table in source["tables"]])
        texts[f"databases/{home}/tables/tables.yaml"] = [f"!include {name}" for name in names]
        for name, table in zip(names, source["tables"], strict=True):
            texts[f"databases/{home}/tables/{name}"] = table
        if "functions" in source:
            index[-1]["functions"] = f"!include {home}/functions/functions.yaml"
            texts[f"databases/{home}/functions/functions.yaml"] = source["functions"]
    return {"databases/databases.yaml": index, **texts}


def _table_files(tables: Iterable[Mapping[str, str]]) -> list[str]:
    """`public_users.yaml`; names that fall together (`a.b_c` and `a_b.c`, `A/B`) get a number."""
    names: list[str] = []
    for table in tables:
        stem = _file_name(f"{table['schema']}_{table['name']}")
        name, number = f"{stem}.yaml", 2
        while name.lower() in {taken.lower() for taken in names} | {"tables.yaml"}:
            name, number = f"{stem}_{number}.yaml", number + 1
        names.append(name)
    return names


def _file_name(text: str) -> str:
    return _UNSAFE.sub("_", text).lstrip(".") or "_"
