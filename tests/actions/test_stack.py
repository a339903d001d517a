from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from nself.actions import stack
from nself.actions.stack import Stack
from nself.errors import ConfigError, UsageError
from nself.events import ignore
from nself.host import LocalHost
from nself.model.layout import Layout
from nself.model.loopback import LoopbackNetwork
from nself.model.ports import Ports
from nself.model.project import Environment, Frontend, Project
from nself.model.spec import Category, Route, Runtime, ServiceSpec, Volume
from nself.runtimes.native.runtime import Native


def service(name: str, *needs: str, server: str | None = None, volume: str = "") -> ServiceSpec:
    volumes = (Volume(name=volume, target="/data"),) if volume else ()
    command = () if server else ("true",)
    return ServiceSpec(
        name=name, category=Category.REQUIRED, server=server, command=command, needs=needs, volumes=volumes
    )


@pytest.fixture
def opened(tmp_path: Path) -> Stack:
    project = Project(root=tmp_path, name="shop", env=Environment.DEV, base_domain="localhost")
    specs = [
        service("postgres", volume="postgres"),
        service("auth", "postgres", server="auth"),
        service("graphql", "postgres", server="graphql"),
        service("web"),
    ]
    native = Native(
        layout=Layout(tmp_path),
        specs=specs,
        network=LoopbackNetwork(ports=Ports()),
        host=LocalHost(),
        environ={},
        emit=ignore,
    )
    return Stack(project, native)


def test_a_service_is_found_by_name_and_a_misspelt_one_is_guessed(opened: Stack) -> None:
    assert opened.spec("auth").server == "auth"
    with pytest.raises(UsageError) as refused:
        opened.spec("atuh")
    assert refused.value.fixes[0] == "did you mean auth?"
    with pytest.raises(UsageError) as refused:
        opened.spec("x")
    assert refused.value.fixes == ("the services are postgres, auth, graphql, web",)
    with pytest.raises(UsageError, match="redis is not enabled") as refused:
        opened.spec("redis")
    assert refused.value.fixes[0] == "nself service enable redis"


def test_services_of_one_process_go_together(opened: Stack) -> None:
    assert opened.together(["auth"]) == ["auth", "graphql"]
    assert opened.together(["web"]) == ["web"]


def test_volumes_are_counted_as_far_as_they_hold_something(opened: Stack) -> None:
    assert opened.runtime.remove_volumes() == 0
    folder = opened.project.layout.data("postgres")
    folder.mkdir(parents=True)

    assert list(opened.runtime.volumes()) == [folder.name]
    assert opened.runtime.remove_volumes() == 1
    assert not folder.exists()


def test_a_runtime_that_cannot_be_run_is_refused_with_the_way_out(tmp_path: Path) -> None:
    project = Project(
        root=tmp_path, name="shop", env=Environment.DEV, base_domain="localhost", runtime=Runtime.KUBERNETES
    )
    with pytest.raises(ConfigError, match="kubernetes") as refused:
        stack.open_stack(project, LocalHost(), {})
    assert refused.value.fixes == ("set runtime: native or compose in nself.yml",)


def test_addresses_are_those_of_what_runs_and_of_frontends_once_the_proxy_does(opened: Stack) -> None:
    page = Frontend(name="page", display_name="Page", port=3000, host="page.localhost")
    routed = replace(service("web"), routes=(Route(host="web.localhost"),))
    network = LoopbackNetwork(ports=Ports())
    native = replace(opened.project, frontends=(page,))
    runtime = Native(
        layout=opened.project.layout, specs=[routed], network=network, host=LocalHost(), environ={}, emit=ignore
    )
    found = Stack(native, runtime)
    assert found.urls(["web"]) == ()
    assert found.urls(["nginx"]) == (network.public_url("page.localhost"),)
    assert found.urls(["web", "nginx"]) == tuple(network.public_url(f"{name}.localhost") for name in ("web", "page"))
