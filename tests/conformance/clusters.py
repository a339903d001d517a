"""What a class of cases needs of the machine, and the PostgreSQL that has it."""

from __future__ import annotations

import locale
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tests.cluster import Cluster
from tests.conformance.cases import Group

DEBIAN = Path("/usr/lib/postgresql")
AMERICAN = "en_US.utf-8"
_SIGNS = {"postgis": "postgis", "lc_monetary": AMERICAN, "HASURA_GRAPHQL_PG_SOURCE_URL": "second_source"}
"""Words of set-up files, or of the class itself, that give away a need it does not state."""


def needs(folder: Path, group: Group) -> set[str]:
    """`postgis`, the locale of money, the helpers of its cases, …"""
    steps = (*group.get("setup", ()), *group.get("case_setup", ()))
    texts = [(folder / step["file"]).read_text(encoding="utf-8") for step in steps if "file" in step]
    texts.append(str(group["cases"]))
    stated = {*group.get("requires", ()), *(need for case in group["cases"] for need in case.get("requires", ()))}
    return stated | {need for sign, need in _SIGNS.items() if any(sign in text for text in texts)}


@cache
def with_postgis() -> Path | None:
    """The newest system PostgreSQL that has PostGIS (Debian: postgresql-NN-postgis-3)."""
    control = Path("/usr/share/postgresql").glob("*/extension/postgis.control")
    majors = sorted((int(path.parent.parent.name) for path in control), reverse=True)
    return next((DEBIAN / str(major) / "bin" for major in majors if (DEBIAN / str(major) / "bin").is_dir()), None)


@cache
def has_locale(name: str) -> bool:
    before = locale.setlocale(locale.LC_MONETARY)
    try:
        locale.setlocale(locale.LC_MONETARY, name)
    except locale.Error:
        return False
    finally:
        locale.setlocale(locale.LC_MONETARY, before)
    return True


@dataclass
class Clusters:
    """`usual` is somebody else's; the one with PostGIS is started when first needed and ended by `stop`."""

    usual: Cluster
    folder: Path
    _postgis: list[Cluster] = field(default_factory=list)

    def of(self, group: Group) -> Cluster | None:
        """None if this machine cannot run the class."""
        wanted = needs(self.folder, group)
        if AMERICAN in wanted and not has_locale(AMERICAN):
            return None
        if "postgis" not in wanted:
            return self.usual
        bin_dir = with_postgis()
        if not self._postgis and bin_dir:
            self._postgis.append(Cluster.start(bin_dir))
        return self._postgis[0] if self._postgis else None

    def stop(self) -> None:
        for cluster in self._postgis:
            cluster.stop()
