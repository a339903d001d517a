"""The stack of a project as a whole: what is in it, in which order, and that every setting means something."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from nself.errors import ConfigProblemsError
from nself.model.project import Environment
from nself.model.spec import Category
from nself.services import catalogue
from nself.settings import Declared, describe
from tests.render.rendering import render
from tests.services.projects import SECRETS, custom, network, project, spec


def names(**fields: Any) -> list[str]:
    of = project(**fields)
    return [spec.name for spec in catalogue.specs(of, network(of))]


def test_a_plain_project_has_the_core_and_our_own_servers() -> None:
    assert set(names()) == {"postgres", "graphql", "auth", "storage", "functions", "mail", "nginx"}


def test_needs_come_first_and_the_proxy_last() -> None:
    order = names(custom=(custom("web", needs=("graphql",)), custom("api", needs=("web",))))
    assert order[0] == "postgres"
    assert order.index("graphql") < order.index("web") < order.index("api") < order.index("nginx")
    assert order[-1] == "nginx"


def test_the_proxy_needs_nobody_so_nothing_can_keep_it_down() -> None:
    of = project(custom=(custom(),))
    (nginx,) = [spec for spec in catalogue.specs(of, network(of)) if spec.name == "nginx"]
    assert nginx.needs == ()


def test_every_need_is_part_of_the_stack() -> None:
    for switched_off in ("AUTH_ENABLED", "HASURA_ENABLED", "STORAGE_ENABLED", "FUNCTIONS_ENABLED", "MAILPIT_ENABLED"):
        of = project(values={switched_off: "false"})
        specs = catalogue.specs(of, network(of))
        assert {need for spec in specs for need in spec.needs} <= {spec.name for spec in specs}


@pytest.mark.parametrize(
    ("variable", "service"),
    [
        ("HASURA_ENABLED", "graphql"),
        ("AUTH_ENABLED", "auth"),
        ("STORAGE_ENABLED", "storage"),
        ("FUNCTIONS_ENABLED", "functions"),
        ("MAILPIT_ENABLED", "mail"),
    ],
)
def test_a_service_that_is_switched_off_leaves_no_trace(variable: str, service: str) -> None:
    of = project(values={variable: "false"})
    assert service not in [spec.name for spec in catalogue.specs(of, network(of))]
    assert service not in {claim.service for claim in catalogue.claims(of)}
    files = render(of)
    assert f"env/{service}.env" not in files
    assert f"upstream {service}-" not in files["nginx/nginx.conf"]


def test_a_custom_service_with_no_replicas_does_not_run() -> None:
    assert "web" not in names(custom=(custom(replicas=0),))


def test_services_that_need_each_other_are_named_in_a_circle() -> None:
    with pytest.raises(ConfigProblemsError, match="in a circle: a -> b -> a"):
        names(custom=(custom("a", needs=("b",)), custom("b", needs=("a",), port=8002)))


def test_problems_of_several_services_come_in_one_report() -> None:
    of = project(values={"SSL_MODE": "none"}, custom=(custom("a", command="'"), custom("b", command='"', port=8002)))
    with pytest.raises(ConfigProblemsError) as raised:
        catalogue.specs(of, network(of))
    assert {problem.path for problem in raised.value.problems} == {"services.a.command", "services.b.command"}


def test_a_need_that_is_no_service_is_a_misspelling_with_its_place() -> None:
    with pytest.raises(ConfigProblemsError, match=r"services\.web\.depends_on: needs postgress, which is no service"):
        names(custom=(custom(needs=("postgress",)),))


def test_a_need_that_is_switched_off_is_not_waited_for() -> None:
    of = project(values={"HASURA_ENABLED": "false"}, custom=(custom(needs=("postgres", "graphql")),))
    (web,) = [spec for spec in catalogue.specs(of, network(of)) if spec.name == "web"]
    assert web.needs == ("postgres",)


def test_every_route_of_the_stack_has_its_own_host() -> None:
    of = project(custom=(custom(),))
    hosts = [route.host for spec in catalogue.specs(of, network(of)) for route in spec.routes]
    assert len(hosts) == len(set(hosts))


def test_categories_are_those_of_the_specification() -> None:
    required = {name for name, service in catalogue.catalogue().items() if service.category is Category.REQUIRED}
    assert required == {"postgres", "graphql", "auth", "nginx"}


def test_the_mail_inbox_is_never_in_production() -> None:
    assert "mail" in names()
    assert "mail" not in names(env=Environment.STAGING)
    assert "mail" in names(env=Environment.STAGING, values={"MAILPIT_ENABLED": "true"})
    assert "mail" not in names(env=Environment.PROD, values={"MAILPIT_ENABLED": "true"})


def test_variables_the_stack_does_not_know_reach_the_users_functions_only() -> None:
    of = project(values={"STRIPE_API_KEY": "sk_test_1", "AUTH_PROVIDER_X_ENABLED": "true"})
    assert catalogue.own_variables(of) == {"STRIPE_API_KEY": "sk_test_1"}
    files = render(of)
    assert "sk_test_1" in files["env/functions.env"]
    assert "sk_test_1" not in files["env/auth.env"] + files["env/graphql.env"] + files["env/storage.env"]


def test_unknown_upstream_variables_are_passed_to_their_server_as_they_are() -> None:
    files = render(project(values={"AUTH_PROVIDER_X_ENABLED": "true", "HASURA_GRAPHQL_SOMETHING_NEW": "7"}))
    assert "AUTH_PROVIDER_X_ENABLED=true\n" in files["env/auth.env"]
    assert "HASURA_GRAPHQL_SOMETHING_NEW=7\n" in files["env/graphql.env"]
    assert "AUTH_PROVIDER_X_ENABLED" not in files["env/graphql.env"]


# -- every setting has a consumer

OTHER: dict[str, str] = {
    "REDIS_CLUSTER_NODES": "6",
    "AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED": "true",
    "POSTGRES_VERSION": "15",
    "API_ROOT_PREFIX": "/v9",
    "AUTH_API_PREFIX": "/v9",
    "POSTGRES_DB": "other",
    "POSTGRES_USER": "other",
    "POSTGRES_PASSWORD": "another-password-of-a-test-00002",
    "DATABASE_URL": "postgresql://u:p@db.example.com/x",
    "POSTGRES_SHARED_BUFFERS": "96MB",
    "POSTGRES_EFFECTIVE_CACHE_SIZE": "2GB",
    "POSTGRES_WORK_MEM": "8MB",
    "POSTGRES_MAINTENANCE_WORK_MEM": "32MB",
    "NGINX_BIND_ADDRESS": "127.0.0.2",
    "NGINX_CLIENT_MAX_BODY_SIZE": "7m",
    "NGINX_WORKER_PROCESSES": "3",
    "NGINX_PROXY_TIMEOUT": "33s",
    "NGINX_RATE_LIMIT": "7r/s",
    "NGINX_AUTH_RATE_LIMIT": "3r/m",
    "STORAGE_MAX_BODY_SIZE": "3g",
    "AUTH_RATE_LIMIT_GLOBAL_INTERVAL": "3h",
    "AUTH_RATE_LIMIT_EMAIL_INTERVAL": "3h",
    "AUTH_RATE_LIMIT_BRUTE_FORCE_INTERVAL": "3h",
    "AUTH_RATE_LIMIT_SIGNUPS_INTERVAL": "3h",
    "AUTH_LOCALE_DEFAULT": "de",
    "REDIS_MAX_MEMORY": "1gb",
    "POOLER_POOL_SIZE": "7",
    "SEARCH_ENGINE": "meilisearch",
    "MEILISEARCH_ENV": "production",
    "MEILISEARCH_MASTER_KEY": "another-master-key-of-a-test-0002",
    "MLFLOW_AUTH_PASSWORD": "another-password-of-a-test-00003",
    "MLFLOW_SECRET_KEY": "another-secret-key-of-a-test-004",
}
NOT_RENDERED = {
    **dict.fromkeys(("HASURA_IMAGE", "AUTH_IMAGE", "STORAGE_IMAGE"), "images of another engine, in tests of its own"),
    "SEARCH_ENABLED": "read by the search commands too; whether Meilisearch runs is a test of its own",
    "SSL_CERT_PATH": "read when the certificate is made",
    "SSL_KEY_PATH": "read when the certificate is made",
    "S3_DEFAULT_BUCKETS": "buckets are made when the store has started",
    "BIND": "the network decides where servers listen",
    "MAILPIT_SMTP_HOST": "the network decides where servers listen",
}
ALONE = {
    "DATABASE_URL": {"POSTGRES_ENABLED": "false"},
    "POSTGRES_ENABLED": {"DATABASE_URL": "postgresql://u:p@db/x"},
    "SEARCH_ENGINE": {"MEILISEARCH_MASTER_KEY": "a-master-key-of-a-test-0001"},
}
"""Settings that only mean something together with another."""


def other(item: Declared) -> str:
    """A valid value that is not the default."""
    name = item.variable.name
    if name in OTHER:
        return OTHER[name]
    kinds = {kind.strip() for kind in str(item.type).replace("|", " ").split()}
    if isinstance(item.type, type) and issubclass(item.type, StrEnum):
        return next(member.value for member in reversed(list(item.type)) if member != item.default)
    if item.type is bool or "bool" in kinds:
        return "false" if item.default is True else "true"
    if item.type in (int, float) or kinds & {"int", "float"}:
        low = item.variable.minimum or 0
        return str(int(max(low, 1) + (item.default if isinstance(item.default, int | float) else 1200)))
    if "JsonObject" in str(item.type):
        secret = '{"key":"another-key-of-a-test-that-is-long-enough-1","type":"HS256"}'
        return f"[{secret}]" if "JsonObjects" in str(item.type) else secret
    return "other"


DECLARED = {
    item.variable.name: item
    for classes in catalogue.settings_classes().values()
    for cls in classes
    for item in describe(cls)
}


WITH_SIGN_IN = {"MLFLOW_AUTH_ENABLED": "true"}
WITH = {
    **dict.fromkeys(("MLFLOW_AUTH_USERNAME", "MLFLOW_AUTH_PASSWORD", "MLFLOW_SECRET_KEY"), WITH_SIGN_IN),
    **{key: {"MAIL_ENGINE": "mailpit"} for key in ("MAILPIT_VERSION", "MAILPIT_IMAGE")},
    "REDIS_CLUSTER_NODE_TIMEOUT": {"REDIS_CLUSTER_NODES": "3"},
    "MLFLOW_ARTIFACTS_BUCKET": {"SEAWEEDFS_ENABLED": "true", "S3_SECRET_KEY": "s3-secret-of-a-test-0001"},
}
"""What else must be set for a setting to matter."""


def switched_on(item: Declared) -> dict[str, str]:
    """What an optional service needs to run at all: its switch, and the secrets that `nself init` makes."""
    service = next(each for each in catalogue.catalogue().values() if item.owner in each.settings)
    own = [each for cls in service.settings for each in describe(cls)]
    on = {each.variable.name: "true" for each in own if each.field == "enabled" and each.default is False}
    secrets = {each.variable.name: each.variable.name.lower() * 4 for each in own if each.variable.generate}
    return {**on, **secrets} if on else {}


def outcome(values: dict[str, str]) -> object:
    """All that runs and all that is written."""
    of = project(Path("/srv/shop"), values=values)
    specs = catalogue.specs(of, network(of))
    return [(spec.version, spec.env, spec.secrets, spec.image, spec.programs) for spec in specs], render(of)


@pytest.mark.parametrize("name", sorted(DECLARED.keys() - NOT_RENDERED.keys()))
def test_every_setting_changes_something_that_runs(name: str) -> None:
    base = {"NGINX_RATE_LIMIT_ENABLED": "true", **switched_on(DECLARED[name]), **WITH.get(name, {})}
    before = {"true": "false"}.get(other(DECLARED[name]))
    assert SECRETS.get(name) != other(DECLARED[name])
    with_it = {**base, **ALONE.get(name, {}), name: other(DECLARED[name])}
    without = {**base, **({name: before} if before else {})}
    assert outcome(without) != outcome(with_it), f"{name} has no consumer"


def test_the_metadata_directory_gets_the_variables_it_names_and_no_others(tmp_path: Path) -> None:
    folder = tmp_path / "metadata" / "databases" / "default" / "tables"
    folder.mkdir(parents=True)
    (folder / "public_orders.yaml").write_text(
        "event_triggers:\n- webhook: '{{ SHOP_URL }}/x'\n  headers:\n  - name: k\n    value_from_env: SHOP_KEY\n"
        "- webhook_from_env: POSTGRES_PASSWORD\n"
    )
    found = project(tmp_path, values={"SHOP_URL": "http://shop", "SHOP_KEY": "s3cret", "OTHER": "not its business"})
    (spec,) = [each for each in catalogue.specs(found, network(found)) if each.name == "graphql"]
    own = {name: text for name, text in spec.secrets.items() if name.startswith(("SHOP", "OTHER", "POSTGRES"))}
    assert own == {"SHOP_URL": "http://shop", "SHOP_KEY": "s3cret"}


def test_what_a_service_says_of_itself_reaches_those_whose_files_ask(tmp_path: Path) -> None:
    (tmp_path / "metadata").mkdir()
    (tmp_path / "metadata" / "cron_triggers.yaml").write_text(
        "webhook: '{{NHOST_FUNCTIONS_URL}}/nightly'\nheaders: [{name: x, value_from_env: NHOST_WEBHOOK_SECRET}]\n"
    )
    found = spec(project(tmp_path, values={"NHOST_WEBHOOK_SECRET": "s" * 48}), "graphql").secrets
    assert (found["NHOST_FUNCTIONS_URL"], found["NHOST_WEBHOOK_SECRET"]) == ("http://127.0.0.1:3008", "s" * 48)
    assert "NHOST_FUNCTIONS_URL" not in spec(project(tmp_path / "elsewhere"), "graphql").secrets
    without = project(tmp_path, values={"FUNCTIONS_ENABLED": "false"})
    assert "NHOST_FUNCTIONS_URL" not in spec(without, "graphql").secrets
