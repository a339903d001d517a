"""Which volumes of a project have had data, so that one that was removed by hand is missed.

A runtime makes what is missing, and would begin with an empty database as if there had never been another.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from nself.errors import NselfError
from nself.host import Host
from nself.model import spec as model
from nself.model.layout import Layout
from nself.model.spec import ServiceSpec
from nself.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A volume that had data at `seen`, the last start before it was gone. `place` is where it was."""

    volume: str
    place: str
    seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Of one runtime. `owner` is whose volumes they are: what a copied folder brings along was never here."""

    layout: Layout
    host: Host
    runtime: model.Runtime
    owner: str = ""

    def seen(self) -> dict[str, datetime]:
        """{volume that had data: when it was seen last}."""
        found: Any = self._read().get(self.runtime, {})
        if not isinstance(found, dict) or found.get("owner") != self.owner:
            return {}
        try:
            return {str(name): datetime.fromisoformat(text) for name, text in found["volumes"].items()}
        except (KeyError, AttributeError, TypeError, ValueError):
            return {}

    def remember(self, volumes: Iterable[str]) -> None:
        """That there is something in these now."""
        now = self.host.now().replace(microsecond=0)
        self._write({**self.seen(), **dict.fromkeys(volumes, now)})

    def forget(self, volumes: Iterable[str] | None = None) -> None:
        """That these had anything, or all: their loss was asked for."""
        seen = self.seen()
        gone = set(seen if volumes is None else volumes)
        if gone & seen.keys():
            self._write({name: at for name, at in seen.items() if name not in gone})

    def _write(self, volumes: Mapping[str, datetime]) -> None:
        texts = {name: at.isoformat() for name, at in sorted(volumes.items())}
        document = {**self._read(), str(self.runtime): {"owner": self.owner, "volumes": texts}}
        self.host.write(self.layout.volumes, json.dumps(document, indent=1, sort_keys=True) + "\n", mode=0o600)

    def _read(self) -> dict[str, Any]:
        """What is no such file remembers nothing."""
        try:
            found = json.loads(self.host.read(self.layout.volumes)) if self.host.exists(self.layout.volumes) else {}
        except (NselfError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def volumes_of(specs: Sequence[ServiceSpec], names: Collection[str]) -> list[str]:
    """Volumes of the services named that hold what cannot be made again."""
    own = (volume for spec in specs if spec.name in names for volume in spec.volumes)
    return list(dict.fromkeys(volume.name for volume in own if not volume.cache))
