"""Who listens on a port."""

from __future__ import annotations

import os
import socket

import pytest

from nself.runtimes.native import listeners
from tests.cluster import free_port


@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_a_listener_is_named_with_its_pid(family: socket.AddressFamily, address: str) -> None:
    with socket.socket(family) as taken:
        try:
            taken.bind((address, 0))
        except OSError:
            pytest.skip(f"this machine has no {address}")
        taken.listen()
        assert (listeners.owner(taken.getsockname()[1]) or "").endswith(f"(pid {os.getpid()})")


def test_a_port_nobody_listens_on_has_no_owner() -> None:
    assert listeners.owner(free_port()) is None


def test_a_bound_socket_that_does_not_listen_is_no_owner() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        assert listeners.owner(bound.getsockname()[1]) is None


def test_high_ports_are_everybodys() -> None:
    assert listeners.may_bind(8443)
