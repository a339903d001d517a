"""What a module in `services/` exposes: when a service is wanted, its spec, and the settings it understands."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from nself.model.project import Project
from nself.model.spec import Category, Network, Port, ServiceSpec
from nself.records import dataclass
from nself.settings import describe


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One entry of the catalogue. `settings` are the classes whose variables a project may set for it."""

    name: str
    category: Category
    help: str
    ports: tuple[Port, ...] = ()
    settings: tuple[type, ...] = ()
    wanted: Callable[[Project], bool]
    spec: Callable[[Project, Network], ServiceSpec]
    fixed_ports: Callable[[Project], Mapping[str, int]] = lambda project: {}
    """Port names whose number may not move, for other reasons than the port's own setting."""
    several: bool = False
    """Whether several of it may run side by side: it keeps nothing in its process that another would miss."""
    passes: str = ""
    """Prefix of variables that reach the service as they are, whether or not anything declares them."""
    speaks_of: Callable[[Project], Collection[str]] = lambda project: ()
    """Variables that the project's files for this service name. Of those of the user's own, it gets these."""
    offers: Callable[[Project, Network], Mapping[str, str | None]] = lambda project, network: {}
    """Variables about this service that others get whose files name them, with what each says."""
    parts: Callable[[Project], Sequence[Service]] | None = None
    """What runs for it in this project, where that may be several: the nodes of a cluster. The first is itself."""
    part_of: str = ""
    """Of such a part: the service whose limits it has."""
    words: tuple[str, ...] = ()
    """Other names people know it by; commands understand them."""

    @property
    def switch(self) -> str | None:
        """The variable that turns it on and off: that of the first setting called `enabled`. None: it always runs."""
        declared = (item for cls in self.settings for item in describe(cls) if item.field == "enabled")
        return next((item.variable.name for item in declared), None)
