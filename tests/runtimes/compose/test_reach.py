"""Where containers are reached from this machine, and which of their ports are open on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from nself.model.containers import ContainerNetwork
from nself.model.spec import Endpoint
from nself.runtimes.compose import containers
from nself.runtimes.compose.reach import Reach

OPEN = Endpoint("127.0.0.1", 8101)


def told(name: str, address: str, ports: Mapping[str, Any]) -> containers.Container:
    found = containers._container(
        {
            "Id": name,
            "Name": f"/shop-{name}-1",
            "Image": "sha256:1",
            "Config": {"Labels": {containers.PROJECT: "shop", containers.SERVICE: name}, "Image": "web"},
            "State": {"Status": "running"},
            "NetworkSettings": {"Networks": {"shop": {"IPAddress": address}}, "Ports": ports},
        }
    )
    assert found
    return found


def reach(copies: int = 1) -> Reach:
    inside = ContainerNetwork(project="shop", numbers={("web", "http"): 8001}, copies={"web": copies})
    docker: Any = None
    return Reach(inside=inside, published={("web", "http"): OPEN}, docker=docker)


def test_one_that_is_alone_is_reached_at_its_open_port() -> None:
    found = reach()
    found.learn({"web": told("web", "172.18.0.5", {"8001/tcp": [{"HostPort": "8101"}]})})
    assert found.open_at("web", "http") == found.endpoint("web") == OPEN


@pytest.mark.parametrize("copies", [1, 2])
def test_one_that_was_made_among_others_has_no_open_port_even_when_it_is_alone_now(copies: int) -> None:
    found = reach(copies)
    found.learn({"web": told("web", "172.18.0.5", {"8001/tcp": None})})
    assert found.open_at("web", "http") is None
    assert found.endpoint("web") == Endpoint("172.18.0.5", 8001)
