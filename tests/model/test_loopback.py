"""Where services are on one machine."""

from __future__ import annotations

import pytest

from nself.model.loopback import LoopbackNetwork
from nself.model.ports import Ports
from nself.model.spec import Network

PORTS = Ports(numbers={("auth", "http"): 4000, ("nginx", "https"): 443, ("nginx", "health"): 8089})


def test_it_is_a_network() -> None:
    network: Network = LoopbackNetwork(ports=PORTS)
    assert str(network.endpoint("auth")) == "127.0.0.1:4000"
    assert network.endpoint("auth").url == "http://127.0.0.1:4000"


def test_only_the_proxys_public_ports_are_reachable_from_outside() -> None:
    network = LoopbackNetwork(ports=PORTS, bind="0.0.0.0")
    assert str(network.listen("nginx", "https")) == "0.0.0.0:443"
    assert str(network.listen("nginx", "health")) == "127.0.0.1:8089"
    assert str(network.listen("auth")) == "127.0.0.1:4000"


@pytest.mark.parametrize(
    ("scheme", "port", "url"),
    [
        ("https", 443, "https://api.x"),
        ("https", 8443, "https://api.x:8443"),
        ("http", 80, "http://api.x"),
        ("http", 443, "http://api.x:443"),
    ],
)
def test_a_port_is_in_the_url_unless_it_is_the_schemes_own(scheme: str, port: int, url: str) -> None:
    assert LoopbackNetwork(ports=PORTS, scheme=scheme, proxy_port=port).public_url("api.x") == url


def test_every_replica_has_an_endpoint_and_a_service_called_like_one_has_its_own() -> None:
    numbers = {("web", "http"): 8001, ("web.2", "http"): 8101, ("web.3", "http"): 8201, ("web-2", "http"): 8002}
    network = LoopbackNetwork(ports=Ports(numbers=numbers))
    assert [str(at) for at in network.endpoints("web")] == ["127.0.0.1:8001", "127.0.0.1:8101", "127.0.0.1:8201"]
    assert [str(at) for at in network.endpoints("web-2")] == ["127.0.0.1:8002"]
