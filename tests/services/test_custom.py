"""The user's own services: what they are told, and what they have to ask for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nself.actions import project as projects
from nself.errors import ConfigProblemsError
from nself.model import template
from nself.model.containers import ContainerNetwork
from nself.model.project import Environment, Project
from nself.model.spec import Mount, ServiceSpec, Volume
from nself.services import catalogue
from nself.services import custom as customs
from tests.services.projects import SECRETS, custom, network, project, spec


def made(values: dict[str, str] | None = None, env: Environment = Environment.DEV, **fields: Any) -> ServiceSpec:
    return spec(project(values=values, env=env, custom=(custom(**fields),)), "web")


@pytest.mark.parametrize(
    ("env", "node"),
    [(Environment.DEV, "development"), (Environment.STAGING, "staging"), (Environment.PROD, "production")],
)
def test_node_hears_its_own_word_for_the_environment(env: Environment, node: str) -> None:
    found = made(env=env)
    assert (found.env["ENV"], found.env["NODE_ENV"]) == (env.value, node)


def test_it_is_told_who_it_is_and_where_to_listen() -> None:
    found = made(port=8017)
    assert found.env["PORT"] == found.env["SERVICE_PORT"] == "8017"
    assert (found.env["SERVICE_NAME"], found.env["PROJECT_NAME"], found.env["HOST"]) == ("web", "shop", "127.0.0.1")
    assert found.env["HASURA_GRAPHQL_ENDPOINT"] == "http://127.0.0.1:8080/v1/graphql"


def test_passwords_and_the_admin_secret_are_only_for_those_who_ask() -> None:
    plain = made()
    assert not plain.secrets
    assert not [secret for secret in SECRETS.values() if secret in str({**plain.env, **plain.secrets})]
    asking = made(access=("database", "admin"))
    assert asking.secrets["DATABASE_URL"].startswith("postgresql://postgres:")
    assert asking.secrets["HASURA_ADMIN_SECRET"] == SECRETS["HASURA_GRAPHQL_ADMIN_SECRET"]
    assert asking.secrets["POSTGRES_PASSWORD"] == SECRETS["POSTGRES_PASSWORD"]


def test_its_own_variables_win_except_over_where_it_listens() -> None:
    found = spec(project(custom=(custom(env={"NODE_ENV": "test", "PORT": "1"}),)), "web")
    assert found.env["NODE_ENV"] == "test"
    assert found.env["PORT"] == "8001"


def test_a_variable_with_a_secrets_name_is_kept_apart() -> None:
    found = spec(project(custom=(custom(env={"STRIPE_API_KEY": "sk_1", "COLOUR": "red"}),)), "web")
    assert found.secrets["STRIPE_API_KEY"] == "sk_1"
    assert found.env["COLOUR"] == "red"


def test_its_command_is_split_as_a_shell_would_without_being_one() -> None:
    assert made(command="""node "my server.js" --name 'a b' && rm -rf /""").command == (
        "node", "my server.js", "--name", "a b", "&&", "rm", "-rf", "/",
    )  # fmt: skip


def test_a_command_with_an_open_quote_is_a_problem_at_its_path() -> None:
    with pytest.raises(ConfigProblemsError, match=r"services\.web\.command: cannot be split into words"):
        made(command="node 'server.js")


def test_without_a_host_it_has_no_route() -> None:
    assert made(host=None).routes == ()


def test_without_a_health_path_its_process_is_what_counts() -> None:
    found = made(health_path="")
    assert found.probe is not None
    assert found.probe.kind == "process"


def loaded(root: Path, text: str) -> Project:
    (root / ".env").write_text("PROJECT_NAME=shop\n" + "".join(f"{k}={v}\n" for k, v in SECRETS.items()) + text)
    return projects.load(root, {})


def test_access_is_asked_for_in_the_projects_files(tmp_path: Path) -> None:
    of = loaded(tmp_path, "CS_1=web:custom\nCS_1_COMMAND=./x\nCS_1_ACCESS=database\n")
    assert set(spec(of, "web").secrets) == {"DATABASE_URL", "POSTGRES_PASSWORD"}
    with pytest.raises(
        ConfigProblemsError, match="CS_1_ACCESS: expected any of admin, database, redis; got everything"
    ):
        loaded(tmp_path, "CS_1=web:custom\nCS_1_COMMAND=./x\nCS_1_ACCESS=everything\n")


def test_only_a_port_set_by_its_own_variable_is_fixed(tmp_path: Path) -> None:
    of = loaded(tmp_path, "CS_1=web:custom:9001\nCS_1_COMMAND=./x\nCS_2=api:custom\nCS_2_COMMAND=./x\nCS_2_PORT=9002\n")
    fixed = {claim.service: claim.fixed for claim in catalogue.claims(of) if claim.service in ("web", "api")}
    assert fixed == {"web": None, "api": 9002}


def test_a_template_brings_its_command_and_what_must_be_done_first() -> None:
    found = made(template="fastapi", command=None)
    assert found.command == template.get("fastapi").command
    assert [task.name for task in found.preparation.tasks] == ["install"]


def test_its_own_command_wins_over_the_templates() -> None:
    assert made(template="fastapi", command="./mine").command == ("./mine",)


def test_an_image_that_is_built_has_the_project_s_number_as_its_tag_and_no_other_image_has() -> None:
    built = made(build=Path("/srv/shop/services/web"))
    assert built.image and built.image.reference == "shop/web:latest"
    owned = customs.owned(built, "1234").image
    assert owned and owned.reference == "shop/web:1234"
    assert customs.owned(built, "") == built
    for other in (made(image="registry.example:5000/shop/web:1"), spec(project(), "graphql")):
        assert customs.owned(other, "1234") == other


def test_who_brings_an_image_has_nothing_to_prepare() -> None:
    assert not made(template="fastapi", image="shop/web:1").preparation.tasks


def test_it_is_told_where_what_it_keeps_is_on_the_disk_and_in_a_container() -> None:
    web = custom(volumes=(Volume(name="data", target="/app/data"),), mounts=(Mount(path="in", target="/app/in"),))
    of = project(custom=(web,))
    native = spec(of, "web")
    assert native.env["VOLUME_DATA"] == "/srv/shop/.nself/data/data"
    assert native.env["VOLUME_IN"] == "/srv/shop/in"
    contained = customs.spec(web, of, ContainerNetwork(project="shop", numbers=network(of).ports.numbers))
    assert (contained.env["VOLUME_DATA"], contained.env["VOLUME_IN"]) == ("/app/data", "/app/in")
    assert (contained.volumes, contained.mounts) == (web.volumes, web.mounts)


def test_its_own_word_for_where_that_is_wins() -> None:
    web = custom(volumes=(Volume(name="data", target="/app/data"),), env={"VOLUME_DATA": "elsewhere"})
    assert spec(project(custom=(web,)), "web").env["VOLUME_DATA"] == "elsewhere"


def test_what_one_is_given_does_not_lie_in_what_another_writes_to() -> None:
    around = custom("web", mounts=(Mount(path="files", target="/files"),))
    within = custom("worker", port=8002, mounts=(Mount(path="files/in", target="/in", read_only=True),))
    with pytest.raises(ConfigProblemsError, match=r"services\.web\.volumes: \./files holds \./files/in"):
        spec(project(custom=(around, within)), "web")


def test_a_host_port_is_the_one_it_has_on_this_machine() -> None:
    of = project(custom=(custom(host_port=9100, port_setting="CS_1_HOST_PORT"),))
    (claim,) = (claim for claim in catalogue.claims(of) if claim.service == "web")
    assert (claim.fixed, claim.port.number, claim.port.setting) == (9100, 8001, "CS_1_HOST_PORT")
    assert spec(of, "web").env["PORT"] == "9100"


def test_a_database_of_its_own_is_made_and_named_to_it() -> None:
    found = spec(project(custom=(custom(database="prices", access=("database",)),)), "web")
    assert found.databases == ("prices",)
    assert found.env["POSTGRES_DB"] == "prices" and found.secrets["DATABASE_URL"].endswith(":5432/prices")
    pooled = spec(
        project(values={"POOLER_ENABLED": "true"}, custom=(custom(database="prices", access=("database",)),)), "web"
    )
    assert pooled.secrets["DATABASE_URL"].endswith(":6432/prices")
    assert pooled.secrets["DIRECT_DATABASE_URL"].endswith(":5432/prices")


def test_the_project_s_own_database_is_not_made_again() -> None:
    assert made(database="shop").databases == ()


@pytest.mark.parametrize(
    ("values", "database", "why"),
    [
        ({"DATABASE_URL": "postgres://db.example/shop"}, "prices", "DATABASE_URL names another"),
        ({}, "template1", "template1 is PostgreSQL's own"),
    ],
)
def test_a_database_that_cannot_be_made_is_a_problem(values: dict[str, str], database: str, why: str) -> None:
    with pytest.raises(ConfigProblemsError, match=rf"services\.web\.database: .*{why}"):
        made(values, database=database)
