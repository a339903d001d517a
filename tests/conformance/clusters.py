"""The PostgreSQL that a class of cases needs: the usual one, or one that has PostGIS, which the wheel lacks."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tests.cluster import Cluster
from tests.conformance.cases import Group

DEBIAN = Path("/usr/lib/postgresql")
NEEDS_OTHERS = frozenset({"remote_graphql"})
"""Remote services that are not part of the data."""


def with_postgis() -> Path | None:
    """The newest system PostgreSQL that has PostGIS (Debian: postgresql-NN-postgis-3)."""
    control = Path("/usr/share/postgresql").glob("*/extension/postgis.control")
    majors = sorted((int(path.parent.parent.name) for path in control), reverse=True)
    return next((DEBIAN / str(major) / "bin" for major in majors if (DEBIAN / str(major) / "bin").is_dir()), None)


@dataclass
class Clusters:
    """`usual` is somebody else's; the other one is started when first needed and ended by `stop`."""

    usual: Cluster
    _postgis: list[Cluster] = field(default_factory=list)

    def of(self, group: Group) -> Cluster | None:
        """None if this machine cannot run the class."""
        needs = set(group.get("requires", ()))
        if needs & NEEDS_OTHERS:
            return None
        if "postgis" not in needs:
            return self.usual
        bin_dir = with_postgis()
        if not self._postgis and bin_dir:
            self._postgis.append(Cluster.start(bin_dir))
        return self._postgis[0] if self._postgis else None

    def stop(self) -> None:
        for cluster in self._postgis:
            cluster.stop()
