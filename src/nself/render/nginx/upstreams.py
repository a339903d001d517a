"""Where requests are passed on: one upstream a service's port, with every replica of it.

A replica that is killed costs its clients nothing that may be asked twice: the next one is tried, and the dead one is
left out for a moment. What may not be asked twice (a POST that was already sent) is not.
"""

from __future__ import annotations

from collections.abc import Sequence

from nself.model.containers import MACHINE, NAME_LASTS_S
from nself.model.spec import Endpoint, Network
from nself.render.nginx.sites import Place, Site
from nself.render.nginx.syntax import Lines, block, directive

IDLE = 32
"""Connections each worker keeps open to an upstream."""
IDLE_S = 1
"""How long: less than servers themselves do (gunicorn 2 s, Node 5 s), or a request arrives as one is being closed."""
LEFT_OUT_S = 2
ZONE = "64k"
"""Room for the state that workers share: which replica failed, what a name resolves to."""


def render(sites: Sequence[Site], network: Network) -> Lines:
    """The resolver, where names are resolved while nginx runs, and every upstream in alphabetical order."""
    places = {place.upstream: place for site in sites for place in site.places}
    lines: Lines = []
    if network.resolver:
        lines = [
            directive("resolver", network.resolver, f"valid={NAME_LASTS_S}s", "ipv6=off"),
            directive("resolver_timeout", "2s"),
        ]
    for _, place in sorted(places.items()):
        lines += upstream(place, resolved=network.resolver is not None)
    return lines


def upstream(place: Place, *, resolved: bool) -> Lines:
    """`resolved`: the hosts are names. nginx starts without those that do not exist now, and learns them later."""
    several = len(place.servers) > 1
    # Alone, there is no better one to try, and a restarted one is used at once.
    limits = ["max_fails=1", f"fail_timeout={LEFT_OUT_S}s"] if several else ["max_fails=0"]
    zone = [directive("zone", place.upstream, ZONE)] if several or resolved else []
    servers = [directive("server", str(at), *_resolve(at, resolved=resolved), *limits) for at in place.servers]
    if place.spare:
        servers.append(directive("server", str(place.spare), "backup"))
    return block(
        "upstream",
        place.upstream,
        body=[*zone, *servers, directive("keepalive", IDLE), directive("keepalive_timeout", f"{IDLE_S}s")],
    )


def _resolve(at: Endpoint, *, resolved: bool) -> list[str]:
    """The machine's name is in each container's /etc/hosts, which is read once: Docker's DNS does not know it."""
    return ["resolve"] if resolved and at.host != MACHINE else []
