"""Redis as a cluster: which services there are, and what is refused before any of them runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from nself.actions.redis.ready import refuse_too_much
from nself.actions.scale import cluster
from nself.errors import ConfigError, ConfigProblemsError, UsageError
from nself.services import catalogue, redis_cluster
from tests.services.projects import custom, network, project, spec

PASSWORD = "pass word's \"$%&?/#@: ü {root}"


def values(nodes: int | str, **more: str) -> dict[str, str]:
    return {"REDIS_ENABLED": "true", "REDIS_PASSWORD": PASSWORD, "REDIS_CLUSTER_NODES": str(nodes), **more}


@pytest.mark.parametrize(("nodes", "masters"), [(3, 3), (5, 5), (6, 3), (7, 3), (32, 16)])
def test_half_of_the_nodes_are_masters_where_there_are_enough(nodes: int, masters: int) -> None:
    assert redis_cluster.masters(nodes) == masters


@pytest.mark.parametrize("nodes", [0, 1])
def test_one_node_is_the_server_it_always_was(nodes: int) -> None:
    alone = project(values={"REDIS_ENABLED": "true", "REDIS_PASSWORD": PASSWORD})
    assert spec(project(values=values(nodes)), "redis") == spec(alone, "redis")


def test_every_node_has_its_own_ports_volume_and_files() -> None:
    of = project(values=values(6))
    nodes = [each for each in catalogue.specs(of, network(of)) if each.name.startswith("redis")]
    assert {each.name for each in nodes} == {"redis", *(f"redis-{number}" for number in range(2, 7))}
    ports = [network(of).endpoint(each.name, port.name).port for each in nodes for port in each.ports]
    assert len(set(ports)) == 12
    assert [each.volumes[0].name for each in nodes] == [each.name for each in nodes]
    first = next(each for each in nodes if each.name == "redis")
    assert nodes[-1] is first, "who needs it waits for all"


def test_the_password_of_masters_is_in_a_file_and_in_no_other_word() -> None:
    found = spec(project(values=values(3)), "redis-2")
    assert "pass word" not in " ".join(found.command)
    written = bytes.fromhex(found.secret_files["node.conf"].removeprefix("masterauth ").strip('"\n').replace("\\x", ""))
    assert written.decode() == PASSWORD


@pytest.mark.parametrize("nodes", ["2", "33", "-1", "many", "6; rm -rf /"])
def test_a_number_that_makes_no_cluster_is_refused(nodes: str) -> None:
    of = project(values=values(nodes))
    with pytest.raises(ConfigProblemsError, match="REDIS_CLUSTER_NODES"):
        catalogue.claims(of)


@pytest.mark.parametrize("nodes", [-1, 2, 33, 1000])
def test_so_is_one_on_the_command_line(nodes: int) -> None:
    with pytest.raises(UsageError, match="3 to 32 nodes"):
        cluster.refuse_number(nodes)


def test_a_service_that_wants_another_database_is_refused_with_its_setting() -> None:
    of = project(values=values(3), custom=(custom("web", redis_db=2, path="CS_1"),))
    with pytest.raises(ConfigProblemsError, match="CS_1_REDIS_DB: is 2, and a Redis cluster has database 0 alone"):
        catalogue.specs(of, network(of))


def test_a_service_of_a_nodes_name_is_refused() -> None:
    of = project(values=values(3), custom=(custom("redis-2"),))
    with pytest.raises(ConfigProblemsError, match="the name of a node"):
        catalogue.specs(of, network(of))


def test_services_are_told_all_nodes(tmp_path: Path) -> None:
    of = project(tmp_path, values=values(3), custom=(custom("web"),))
    assert spec(of, "web").env["REDIS_CLUSTER_ENDPOINTS"] == "127.0.0.1:6379,127.0.0.1:6479,127.0.0.1:6579"


def test_keys_that_would_have_no_room_are_not_moved() -> None:
    node = {"maxmemory": "1000", "used_memory": "900", "used_memory_startup": "100"}
    refuse_too_much([node, node, node], 3)
    refuse_too_much([{**node, "maxmemory": "0"}] * 3, 1)
    with pytest.raises(ConfigError, match="would have 1"):
        refuse_too_much([node, node, node], 1)
