"""Which services can be restarted without a gap, and whom the proxy asks meanwhile. Performed in tests/e2e."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from nself.actions import derived
from nself.actions import project as projects
from nself.actions.scale import rolling
from nself.actions.stack import open_stack
from nself.errors import UsageError
from nself.host import LocalHost
from nself.model.project import Project
from tests.actions.places import written

DOCUMENT = """\
runtime: native
services:
  web: {command: python3 server.py, route: app, depends_on: []}
  worker: {command: python3 worker.py, depends_on: []}
"""


def load(root: Path, runtime: str = "native") -> Project:
    written(root)
    (root / "nself.yml").write_text(DOCUMENT.replace("native", runtime))
    return projects.load(root, {})


@pytest.mark.parametrize(
    ("service", "message"),
    [
        ("worker", "is not behind the proxy"),
        ("nginx", "is not behind the proxy"),
        ("graphql", "shares one process"),
        ("web", "web does not run"),
        ("wep", "no service 'wep'"),
    ],
)
def test_what_cannot_be_restarted_so_is_refused_with_its_reason(tmp_path: Path, service: str, message: str) -> None:
    opened = open_stack(load(tmp_path), LocalHost(), {})
    with pytest.raises(UsageError, match=message):
        rolling.check(opened, LocalHost(), service)


def test_in_dev_the_port_of_a_container_cannot_be_two_containers(tmp_path: Path) -> None:
    opened = open_stack(load(tmp_path, "compose"), LocalHost(), {})
    with pytest.raises(UsageError, match="has its port open on this machine"):
        rolling.check(opened, LocalHost(), "web")


@pytest.mark.parametrize("runtime", ["native", "compose"])
def test_the_proxy_asks_all_but_the_one_that_is_about_to_end(tmp_path: Path, runtime: str) -> None:
    project = load(tmp_path, runtime)
    first, second = hosts(rolling._with_replicas(project, "web", 2))
    assert hosts(replace(rolling._with_replicas(project, "web", 2), resting=frozenset({"web"}))) == [second]
    assert hosts(replace(rolling._with_replicas(project, "web", 2), resting=frozenset({"web.2"}))) == [first]
    assert hosts(project) == [first]


def hosts(project: Project) -> list[str]:
    return [str(at) for at in derived.remembered(project, LocalHost()).network.endpoints("web")]
