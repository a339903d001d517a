"""The compose file of every golden project, and of some that only containers can run; Compose itself and nginx read
the result."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import nself
from nself.errors import ConfigProblemsError
from nself.model.containers import COMPOSE_FILE, ContainerNetwork
from nself.model.project import Engine, Environment, Frontend, Project
from nself.model.proxy import proxy_settings
from nself.model.spec import Endpoint, Mount, Runtime, Volume
from nself.render import compose
from nself.render.compose import environment
from nself.services import catalogue
from tests.docker.engine import PLUGINS
from tests.render.checkers import nginx_accepts
from tests.render.test_golden import CASES, NAMES, load
from tests.services.projects import custom, network, project

PRODUCT = Path(nself.__file__).parent
"""Images of services whose Dockerfile the product ships are built from where it is installed."""
GOLDEN = Path(__file__).parent.parent / "golden" / "compose"
STORE = {"SEAWEEDFS_ENABLED": "true", "S3_ACCESS_KEY": "golden-access", "S3_SECRET_KEY": "golden-secret-0000000000001"}
ODD = custom(
    "my_odd-service",
    port=9001,
    replicas=3,
    command=None,
    host="odd.localhost",
    build=Path("/srv/shop/services/my_odd-service"),
)


def contained(of: Project) -> ContainerNetwork:
    proxy = proxy_settings(of)
    return ContainerNetwork(
        project=of.name,
        numbers={claim.key: claim.port.number for claim in catalogue.claims(of)},
        copies=catalogue.copies(of),
        scheme=proxy.scheme,
        proxy_port=network(of).ports[("nginx", proxy.scheme)],
    )


NUMBER = "5eed5eed5eed5eed"


def render(of: Project) -> dict[str, str]:
    """As on a machine where every port is free."""
    of = replace(of, runtime=Runtime.COMPOSE)
    net, outside = contained(of), network(of)
    specs = catalogue.specs(of, net)
    wanted = {("nginx", "https"), ("nginx", "http")}
    keys = [key for key in outside.ports.numbers if of.env is Environment.DEV or key in wanted]
    published: dict[tuple[str, str], Endpoint] = {key: outside.listen(*key) for key in keys}
    reads = {path for spec in specs for path in spec.reads}
    return compose.render(specs, net, of, proxy_settings(of), published=published, present=reads, identity=NUMBER)


def cases() -> dict[str, Callable[[], Project]]:
    own: dict[str, Callable[[], Project]] = {
        "upstream": lambda: project(engine=Engine.HASURA, values=STORE),
        "odd": lambda: project(custom=(ODD,), values={"POSTGRES_EXTENSIONS": "vector,pg_trgm"}),
    }
    return own | {name: (lambda name=name: load(name)) for name in NAMES}  # type: ignore[misc]


each = pytest.mark.parametrize("case", sorted(cases()))


@each
def test_golden_compose_file(case: str, golden: Callable[[Path, str], None]) -> None:
    text = render(cases()[case]())[COMPOSE_FILE]
    placed = text.replace(str(CASES / case), f"/srv/{case}").replace(str(PRODUCT), "/usr/lib/nself")
    golden(GOLDEN / f"{case}.yml", placed)


@each
def test_compose_itself_accepts_the_file_and_reads_what_was_meant(case: str, tmp_path: Path) -> None:
    files = render(cases()[case]())
    read = composed(files, tmp_path)
    written = yaml.safe_load(files[COMPOSE_FILE])
    assert set(read["services"]) == set(written["services"])
    for name, service in read["services"].items():
        assert service["cap_drop"] == ["ALL"] and service["security_opt"] == ["no-new-privileges:true"]
        assert service.get("user", "") not in {"0", "root", "0:0"}
        assert "docker.sock" not in json.dumps(service)
        assert all(port["host_ip"] == "127.0.0.1" or name == "nginx" for port in service.get("ports", ()))
        assert service["logging"]["options"]["max-size"] == "10m"
        assert service["deploy"]["resources"]["limits"]["memory"]


@each
def test_nginx_accepts_its_configuration(case: str, tmp_path: Path) -> None:
    of = cases()[case]()
    nginx_accepts(render(of), of, tmp_path)


def test_the_machine_is_found_in_the_list_of_hosts_and_everything_else_by_name(tmp_path: Path) -> None:
    """Docker's DNS, which `resolve` asks, knows containers alone."""
    of = project(frontends=(Frontend(name="shop", display_name="Shop", port=5173, host="shop.localhost"),))
    files = render(of)
    assert "server host.docker.internal:5173 max_fails=0;" in files["nginx/nginx.conf"]
    assert re.search(r"server \S+-graphql-1:8080 resolve ", files["nginx/nginx.conf"])
    assert (
        "host.docker.internal:host-gateway" in yaml.safe_load(files[COMPOSE_FILE])["services"]["nginx"]["extra_hosts"]
    )
    nginx_accepts(files, of, tmp_path)


@each
def test_no_secret_is_in_the_compose_file(case: str) -> None:
    files = render(cases()[case]())
    rest = "".join(text for name, text in files.items() if not name.startswith(("env/", "secrets/")))
    assert "golden-" not in rest and "of-a-test" not in rest and "sk_test" not in rest


@each
def test_the_same_project_renders_to_the_same_bytes(case: str) -> None:
    assert render(cases()[case]()) == render(cases()[case]())


def test_on_a_server_only_the_proxy_is_open() -> None:
    of = project(env=Environment.PROD, base_domain="example.com", custom=(ODD,))
    services = yaml.safe_load(render(of)[COMPOSE_FILE])["services"]
    assert [name for name, service in services.items() if service.get("ports")] == ["nginx"]
    assert services["nginx"]["ports"] == ["0.0.0.0:443:8443", "0.0.0.0:80:8088"]


def test_upstream_servers_do_not_run_natively() -> None:
    of = project(engine=Engine.HASURA, values=STORE)
    with pytest.raises(ConfigProblemsError, match="container images") as refused:
        catalogue.specs(of, network(of))
    assert "runtime: compose" in str(refused.value.problems[0])


@pytest.mark.parametrize(
    ("variable", "service"), [("HASURA_IMAGE", "graphql"), ("AUTH_IMAGE", "auth"), ("STORAGE_IMAGE", "storage")]
)
def test_an_upstream_image_can_be_replaced(variable: str, service: str) -> None:
    of = project(engine=Engine.HASURA, values={**STORE, variable: "example.com/mine:1"})
    services = yaml.safe_load(render(of)[COMPOSE_FILE])["services"]
    assert services[service]["image"] == "example.com/mine:1"


def test_upstream_storage_says_that_it_needs_a_store() -> None:
    with pytest.raises(ConfigProblemsError, match="S3"):
        render(project(engine=Engine.HASURA))


@settings(max_examples=12, deadline=None)
@given(st.dictionaries(st.from_regex(r"[A-Z][A-Z_]{0,8}", fullmatch=True), st.text(alphabet=st.characters(
    blacklist_characters="\0", blacklist_categories=("Cs",)), max_size=40), min_size=1, max_size=6))  # fmt: skip
def test_any_value_reaches_its_container_as_it_is(tmp_path_factory: pytest.TempPathFactory, pairs: Any) -> None:
    folder = tmp_path_factory.mktemp("env")
    text = "".join(f"{name}={environment.quote(value)}\n" for name, value in pairs.items())
    (folder / "x.env").write_text(text, encoding="utf-8", newline="")
    file = {"docker-compose.yml": "services: {a: {image: x, env_file: [x.env]}}"}
    read = composed(file, folder)["services"]["a"]["environment"]
    # What it prints is to be read by itself again: there `$` stands doubled.
    assert {name: value.replace("$$", "$") for name, value in read.items()} == pairs


def composed(files: Mapping[str, str], folder: Path) -> Any:
    """What Compose understands the files as; it needs no engine for that."""
    if not shutil.which("docker") or not any((place / "docker-compose").exists() for place in PLUGINS):
        pytest.skip("docker compose is not installed")
    config = folder / "config" / "cli-plugins"
    config.mkdir(parents=True, exist_ok=True)
    plugin = next(place / "docker-compose" for place in PLUGINS if (place / "docker-compose").exists())
    if not (config / plugin.name).exists():
        (config / plugin.name).symlink_to(plugin)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    ran = subprocess.run(
        ["docker", "compose", "-f", str(folder / "docker-compose.yml"), "config", "--format", "json"],
        env={**os.environ, "DOCKER_CONFIG": str(folder / "config")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert not re.search("warn", ran.stderr, re.IGNORECASE), ran.stderr
    return json.loads(ran.stdout)


def settled(**values: str) -> dict[str, Any]:
    """The database's entry with these variables set."""
    found: dict[str, Any] = yaml.safe_load(render(project(values=values))[COMPOSE_FILE])["services"]["postgres"]
    return found


def test_logs_and_restarts_are_as_the_project_wants_them() -> None:
    entry = settled(DOCKER_LOG_MAX_SIZE="1g", DOCKER_LOG_MAX_FILE="7", DOCKER_RESTART_POLICY="on-failure:3")
    assert entry["logging"] == {"driver": "json-file", "options": {"max-size": "1g", "max-file": "7"}}
    assert entry["restart"] == "on-failure:3"
    assert settled(DOCKER_RESTART_POLICY="no")["restart"] == "no", "a word, not a truth value"


def test_a_driver_is_given_the_options_it_has() -> None:
    assert settled(DOCKER_LOG_DRIVER="local")["logging"]["options"] == {"max-size": "10m", "max-file": "3"}
    assert settled(DOCKER_LOG_DRIVER="journald")["logging"] == {"driver": "journald"}
    assert "logging" not in settled(DOCKER_LOG_DRIVER="default")
    assert settled(DOCKER_LOG_DRIVER="gelf")["logging"]["driver"] == "json-file"


def test_what_a_service_of_the_user_s_keeps_is_mounted_as_it_says() -> None:
    volumes = (Volume(name="data", target="/app/data"), Volume(name="seen", target="/app/seen", read_only=True))
    mounts = (Mount(path="in", target="/app/in", read_only=True), Mount(path="out", target="/app/out"))
    found = yaml.safe_load(render(project(custom=(custom(volumes=volumes, mounts=mounts),)))[COMPOSE_FILE])
    read, written, data, seen = found["services"]["web"]["volumes"]
    assert (read["source"], read["target"], read["read_only"]) == ("../../../in", "/app/in", True)
    assert (written["source"], written["read_only"]) == ("../../../out", False)
    assert data == {"type": "volume", "source": "data_data", "target": "/app/data", "volume": {"nocopy": True}}
    assert seen["read_only"] is True
    assert found["volumes"]["data_data"]["name"] == "shop_data_data"


def test_a_host_port_is_open_in_dev_alone() -> None:
    web = custom(host_port=9100, port_setting="CS_1_HOST_PORT")
    ports = yaml.safe_load(render(project(custom=(web,)))[COMPOSE_FILE])["services"]["web"]["ports"]
    assert ports == ["127.0.0.1:9100:8001"]
