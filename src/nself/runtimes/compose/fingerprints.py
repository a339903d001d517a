"""What each service's containers are made from, by part; a change in one is the reason to make them anew.

They go into labels, by a second compose file that is written at start: what is built stays the same whatever this
machine's images are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nself import __version__
from nself.model import replicas
from nself.model.place import SECRETS
from nself.model.spec import Category, ServiceSpec
from nself.runtimes import digest
from nself.runtimes.compose import containers
from nself.runtimes.plan import Fingerprint

FILE = "docker-compose.labels.yml"
CHANGES_WHILE_RUNNING = frozenset({"deploy", "ports"})
"""How many there are is no property of one, nor is what only a single one can have open on the machine."""


def of(
    spec: ServiceSpec,
    entry: Mapping[str, Any],
    build: Path,
    *,
    image_id: str | None,
    key: str,
    watched: Mapping[str, Path],
) -> Fingerprint:
    """Everybody who may ask the engine reads labels, so hashes are keyed: of a weak password in an env file a plain
    one would tell whether a guess is right."""
    definition = {key: value for key, value in entry.items() if key not in CHANGES_WHILE_RUNNING}
    definition["limits"] = entry.get("deploy", {}).get("resources")
    # Which version of nself wrote the file is nothing to a service that is not nself's.
    definition["labels"] = {name: text for name, text in entry.get("labels", {}).items() if name != containers.VERSION}
    if spec.category is not Category.CUSTOM:
        definition["ports"] = entry.get("ports")
    name = replicas.service_of(spec.name)
    parts = {"definition": digest.keyed(json.dumps(definition, sort_keys=True).encode(), key), "image": image_id or ""}
    if spec.server:
        parts["version of nself"] = __version__
    env = build / "env" / f"{name}.env"
    if env.is_file():
        parts[f"variables of {name}"] = digest.keyed(env.read_bytes(), key)
    for folder in (build / name, build / SECRETS / name):
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                parts[f"{name}/{file.relative_to(folder)}"] = digest.keyed(file.read_bytes(), key)
    return {**parts, **{what: digest.keyed(digest.of_folder(folder).encode(), key) for what, folder in watched.items()}}


def labels(fingerprints: Mapping[str, Fingerprint]) -> str:
    """The second compose file. JSON is YAML."""
    services = {
        name: {"labels": {containers.FINGERPRINT: json.dumps(parts, sort_keys=True).replace("$", "$$")}}
        for name, parts in sorted(fingerprints.items())
    }
    return json.dumps({"services": services}, indent=1) + "\n"


def by_service(specs: Sequence[ServiceSpec]) -> dict[str, list[ServiceSpec]]:
    found: dict[str, list[ServiceSpec]] = {}
    for spec in specs:
        found.setdefault(replicas.service_of(spec.name), []).append(spec)
    return found
