from __future__ import annotations

from pathlib import Path

import pytest

from nself.model.project import CustomService
from nself.model.spec import Mount, Resources, Volume
from tests.model.stacks import ROOT, problems, project

RUN = "CS_1_COMMAND=./run\n"


def service(text: str, env: str | None = None) -> CustomService:
    (found,) = project({".env": text}, env=env).custom
    return found


def test_the_short_form_says_name_template_port_and_route() -> None:
    found = service(f"CS_1=worker:fastapi:9001:jobs\n{RUN}")
    assert (found.name, found.template, found.port, found.host) == ("worker", "fastapi", 9001, "jobs.localhost")
    assert (found.command, found.workdir) == ("./run", ROOT / "services/worker")


def test_a_template_brings_its_command() -> None:
    found = service("CS_1=worker:fastapi")
    assert (found.command, found.template) == (None, "fastapi")


def test_a_service_without_a_route_is_internal_on_its_numbered_port() -> None:
    found = service("CS_7=worker:custom\nCS_7_COMMAND=./run")
    assert (found.port, found.host, found.needs, found.replicas) == (8007, None, ("postgres", "redis"), 1)
    assert found.resources == Resources(memory="256M", cpu=0.25)


def test_numbers_may_have_gaps_and_any_size() -> None:
    text = "CS_40=b:custom\nCS_40_COMMAND=x\nCS_2=a:custom\nCS_2_COMMAND=x"
    assert [found.name for found in project({".env": text}).custom] == ["a", "b"]


@pytest.mark.parametrize(
    ("lines", "host"),
    [
        ("CS_1=w:custom::api2", "api2.localhost"),
        ("CS_1=w:custom::jobs.v2", "jobs.v2.localhost"),
        ("CS_1=w:custom::hooks.example.com", "hooks.example.com"),
        ("CS_1=w:custom::jobs.internal.", "jobs.internal"),
        ("CS_1=w:custom::https://jobs.dev", "jobs.dev"),
        ("CS_1=w:custom\nCS_1_ROUTE=x.${BASE_DOMAIN}", "x.localhost"),
        ("CS_1=my_w:custom\nCS_1_PUBLIC=true", "my-w.localhost"),
        ("CS_1=w:custom::x\nCS_1_PUBLIC=no", None),
        ("CS_1=w:custom::x\nCS_1_DOMAIN=shop.dev", "shop.dev"),
        ("CS_1=w:custom::x\nCS_1_DOMAIN=a.b\nCS_1_DEV_DOMAIN=dev.b", "dev.b"),
    ],
)
def test_its_host_follows_the_route(lines: str, host: str | None) -> None:
    assert service(f"{lines}\n{RUN}").host == host


def test_the_domain_of_the_environment_counts() -> None:
    text = f"CS_1=w:custom::x\n{RUN}CS_1_PROD_DOMAIN=shop.example"
    assert service(text, env="prod").host == "shop.example"
    assert service(text).host == "x.localhost"


def test_its_own_variables_reach_it() -> None:
    found = service(f"CS_1=w:custom\n{RUN}CS_1_ENV=A=1,B=2\nCS_1_ENV_B=x,y\nCS_1_TABLE_PREFIX=w_\n")
    assert found.env == {"TABLE_PREFIX": "w_", "A": "1", "B": "x,y"}
    assert "x,y" not in repr(found)


def test_the_yaml_form_says_the_same() -> None:
    text = """
services:
  worker:
    template: fastapi
    command: ./run
    workdir: apps/worker
    port: 9001
    route: jobs
    healthcheck: /up
    depends_on: [postgres, graphql]
    memory: 1G
    rate_limit: 60
    env: {A: 1, B: "x,y"}
"""
    (found,) = project({"nself.yml": text}).custom
    assert found == CustomService(
        name="worker",
        template="fastapi",
        port=9001,
        command="./run",
        build=ROOT / "apps/worker",
        workdir=ROOT / "apps/worker",
        host="jobs.localhost",
        env={"A": "1", "B": "x,y"},
        needs=("postgres", "graphql"),
        health_path="/up",
        resources=Resources(memory="1G", cpu=0.25),
        rate_per_minute=60,
    )


def test_older_names_are_translated_with_a_warning() -> None:
    found = project({".env": f"CS_1_NAME=w\nCS_1_TYPE=fastapi\n{RUN}"})
    assert (found.custom[0].name, found.custom[0].template) == ("w", "fastapi")
    assert [str(warning) for warning in found.warnings] == [
        ".env:1: CS_1_NAME: is an older form (write CS_1=w:fastapi)"
    ]


def test_settings_of_a_number_that_is_not_set_are_a_warning() -> None:
    (warning,) = project({".env": "CS_3_PORT=9000"}).warnings
    assert str(warning) == (
        ".env:1: CS_3_PORT: has no effect: CS_3 itself is not set (set CS_3=name:template[:port][:route])"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"CS_1=worker\n{RUN}", ".env:1: CS_1: expected name:template[:port][:route], got 'worker'"),
        (f"CS_1=Wo:custom\n{RUN}", ".env:1: CS_1: the name must be lower-case letters, digits, - and _, got 'Wo'"),
        (
            f"CS_1=postgres:custom\n{RUN}",
            ".env:1: CS_1: postgres is a built-in service (choose another name)",
        ),
        (
            f"CS_1=w:custom:99999\n{RUN}",
            ".env:1: CS_1: expected a port from 1 to 65535, got '99999' (name:template[:port][:route])",
        ),
        (
            f"CS_1=w:custom::a b\n{RUN}",
            ".env:1: CS_1: expected a label (api) or a host (api.example.com), got 'a b'",
        ),
        (f"CS_1=w:fastapy\n{RUN}", ".env:1: CS_1: there is no template 'fastapy' (did you mean fastapi?)"),
        (
            f"CS_1=w:custom\n{RUN}CS_1_ENV=A",
            ".env:3: CS_1_ENV: expected K=V,K2=V2 without commas in values, got 'A' (CS_N_ENV_<KEY>=…)",
        ),
        (f"CS_1=w:custom\n{RUN}CS_1_PROT=1", ".env:3: CS_1_PROT: is not a known setting (did you mean CS_1_PORT?)"),
        (
            f"CS_1=w:custom\n{RUN}CS_1_IMAGE=--help",
            '.env:3: CS_1_IMAGE: expected a container image, as redis:7.4-alpine, got "--help"',
        ),
        (
            f"CS_1=w:custom\n{RUN}CS_1_MEMORY=lots",
            '.env:3: CS_1_MEMORY: expected a size, as 256M or 1G, got "lots"',
        ),
        (f"CS_1=w:custom\n{RUN}CS_1_PORT=x", '.env:3: CS_1_PORT: expected a whole number, got "x"'),
        (
            f"CS_1=w:custom::api\n{RUN}",
            ".env:1: CS_1: wants the host api.localhost, which HASURA_ROUTE already has",
        ),
    ],
)
def test_a_mistake_is_named_where_it_stands(text: str, said: str) -> None:
    assert problems({".env": text}) == [said]


def test_a_name_that_no_environment_has_is_refused_before_any_file_is_written() -> None:
    text = "services:\n  w:\n    command: x\n    env:\n      A B: c\n      'X=1\\nY': d\n"
    said = problems({"nself.yml": text})
    assert [line.partition(": ")[2] for line in said] == [
        "services.w: 'A B' cannot be a variable's name (letters, digits and _, no digit first)",
        "services.w: 'X=1\\\\nY' cannot be a variable's name (letters, digits and _, no digit first)",
    ]


def test_a_base_domain_that_is_none_is_one_problem_and_not_one_of_every_route() -> None:
    assert problems({".env": "BASE_DOMAIN=a b"}) == [
        '.env:1: BASE_DOMAIN: expected a host name, as example.com, got "a b"'
    ]


def test_two_services_cannot_share_a_name_a_port_or_a_host() -> None:
    text = f"CS_1=w:custom:9000:x\n{RUN}CS_2=w:custom:9000:x\nCS_2_COMMAND=y"
    assert problems({".env": text}) == [
        ".env:3: CS_2: wants the name w, which CS_1 already has",
        ".env:3: CS_2: wants port 9000, which CS_1 already has",
        ".env:3: CS_2: wants the host x.localhost, which CS_1 already has",
    ]


def test_one_service_in_both_files_is_a_clash() -> None:
    given = {".env": f"CS_1=web:custom:9000\n{RUN}", "nself.yml": "services: {web: {command: x, port: 9001}}"}
    assert problems(given) == ["nself.yml:1: services.web: wants the name web, which CS_1 already has"]


def test_containers_need_no_command() -> None:
    (found,) = project({".env": "CS_1=w:custom\nCS_1_BUILD=apps/w", "nself.yml": "runtime: compose"}).custom
    assert (found.command, found.build) == (None, Path("/srv/shop/apps/w"))


def test_what_it_keeps_is_read_from_variables_and_from_nself_yml_alike() -> None:
    line = service(f"CS_1=w:custom\nCS_1_VOLUMES=data:/app/data,./in:/app/in:ro\n{RUN}")
    yml = "services:\n  w:\n    command: ./run\n    volumes: ['data:/app/data', './in:/app/in:ro']\n"
    (listed,) = project({"nself.yml": yml}).custom
    assert line.volumes == listed.volumes == (Volume(name="data", target="/app/data"),)
    assert line.mounts == listed.mounts == (Mount(path="in", target="/app/in", read_only=True),)


def test_a_mistake_in_what_it_keeps_is_told_at_its_line() -> None:
    (problem,) = problems({".env": f"CS_1=w:custom\n{RUN}CS_1_VOLUMES=/:/host"})
    assert ".env:3" in problem and "CS_1_VOLUMES" in problem and "not a path below the project" in problem


def test_the_volume_of_a_built_in_service_is_not_another_one_s() -> None:
    (problem,) = problems({".env": f"CS_1=w:custom\n{RUN}CS_1_VOLUMES=postgres:/data"})
    assert "volume of a built-in service" in problem


def test_a_host_port_is_fixed_in_dev_and_counts_nowhere_else() -> None:
    text = f"CS_1=w:custom:8010\nCS_1_HOST_PORT=9100\n{RUN}"
    dev, prod = service(text), service(f"BASE_DOMAIN=shop.dev\n{text}", env="prod")
    assert (dev.port, dev.host_port, dev.port_setting) == (8010, 9100, "CS_1_HOST_PORT")
    assert (prod.port, prod.host_port, prod.port_setting) == (8010, None, None)


def test_replicas_cannot_share_a_host_port_where_there_is_one() -> None:
    text = f"CS_1=w:custom\nCS_1_HOST_PORT=9100\nCS_1_REPLICAS=2\n{RUN}"
    (problem,) = problems({".env": text})
    assert "CS_1_HOST_PORT" in problem and "2 replicas cannot share one port" in problem
    assert service(f"BASE_DOMAIN=shop.dev\n{text}", env="prod").replicas == 2


def test_a_host_port_of_another_s_is_a_clash() -> None:
    text = f"CS_1=a:custom\nCS_1_HOST_PORT=9100\n{RUN}CS_2=b:custom:9100\nCS_2_COMMAND=./run"
    (problem,) = problems({".env": text})
    assert "wants port 9100, which CS_1 already has" in problem
