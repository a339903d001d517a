"""`scale:` of nself.yml: how much of a built-in service runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from nself.actions import derived
from nself.actions import project as projects
from nself.errors import ConfigProblemsError
from nself.host import LocalHost
from nself.model.project import Autoscale, Project, Scale
from nself.model.spec import Resources
from nself.services import catalogue
from tests.actions.places import written
from tests.services.projects import network as loopback


def scaled(root: Path, document: str) -> Project:
    written(root)
    (root / "nself.yml").write_text(document)
    return projects.load(root, {})


def test_limits_of_a_built_in_service_are_what_the_section_says(tmp_path: Path) -> None:
    found = scaled(tmp_path, "scale:\n  graphql:\n    memory: 3G\n    cpu: 2\n")
    assert found.scale == {"graphql": Scale(memory="3G", cpu=2.0)}
    specs = {spec.name: spec for spec in catalogue.specs(found, loopback(found))}
    assert specs["graphql"].resources == Resources(memory="3G", cpu=2.0)
    assert specs["auth"].resources != Resources(memory="3G", cpu=2.0)


def test_load_may_scale_built_in_services_and_ones_own(tmp_path: Path) -> None:
    rules = "autoscale:\n  web:\n    max: 4\n  graphql:\n    min: 2\n    max: 2\n    cpu_threshold: 50\n"
    found = scaled(tmp_path, "services:\n  web:\n    command: x\n" + rules)
    assert found.autoscale == {
        "web": Autoscale(min=1, max=4, cpu_threshold=70),
        "graphql": Autoscale(min=2, max=2, cpu_threshold=50),
    }
    assert scaled(tmp_path, "autoscale:\n").autoscale == {}


@pytest.mark.parametrize(("runtime", "count"), [("native", 1), ("compose", 3)])
def test_our_servers_have_replicas_where_each_is_a_process_of_its_own(tmp_path: Path, runtime: str, count: int) -> None:
    found = scaled(tmp_path, f"runtime: {runtime}\nscale:\n  graphql:\n    replicas: 3\n")
    (graphql,) = (spec for spec in catalogue.specs(found, loopback(found)) if spec.name == "graphql")
    assert graphql.replicas == count


def test_in_containers_the_proxy_asks_every_replica_of_ours_too(tmp_path: Path) -> None:
    found = scaled(tmp_path, "runtime: compose\nscale:\n  graphql:\n    replicas: 2\n  auth:\n    cpu: 1\n")
    network = derived.remembered(found, LocalHost()).network
    assert [at.host for at in network.endpoints("graphql")] == [f"{found.name}-graphql-1", f"{found.name}-graphql-2"]
    assert [at.host for at in network.endpoints("auth")] == [f"{found.name}-auth-1"]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("scale:\n  postgres:\n    replicas: 2\n", "postgres can only run once"),
        ("scale:\n  mail:\n    replicas: 2\n", "mail can only run once"),
        ("scale:\n  graphq:\n    cpu: 2\n", "is no service of nself"),
        ("scale:\n  graphql:\n    replicas: 0\n", "scale.graphql.replicas"),
        ("scale:\n  graphql:\n    memory: much\n", "scale.graphql.memory"),
        ("services:\n  web:\n    command: x\nscale:\n  web:\n    replicas: 2\n", "services.web.replicas"),
        ("scale: 3\n", "scale"),
        ("autoscale:\n  postgres:\n    max: 2\n", "postgres can only run once"),
        ("autoscale:\n  graphq:\n    max: 2\n", "autoscale.graphq: is no service of this project"),
        ("autoscale:\n  graphql:\n    min: 3\n    max: 2\n", "autoscale.graphql.min: 3 is more than max"),
        ("autoscale:\n  graphql:\n    cpu_threshold: 0\n", "autoscale.graphql.cpu_threshold"),
        ("autoscale:\n  graphql:\n    maximum: 2\n", "autoscale.graphql.maximum"),
    ],
)
def test_what_cannot_be_is_told_with_its_place(tmp_path: Path, document: str, message: str) -> None:
    with pytest.raises(ConfigProblemsError, match=message):
        scaled(tmp_path, document)
