from __future__ import annotations

import pytest

from nself.model.checks import suggested
from nself.model.keys import NAME_PATTERN, WEAK
from tests.model.stacks import SECRETS, loaded, problems, project


def warnings(text: str, env: str | None = None) -> list[str]:
    return [str(warning) for warning in project({".env": text}, env=env).warnings]


def test_an_unknown_name_with_our_prefix_is_a_mistake() -> None:
    assert problems({".env": "POSTGRES_PROT=1\nNGINX_WAF=on"}) == [
        ".env:1: POSTGRES_PROT: is not a known setting (did you mean POSTGRES_PORT?)",
        ".env:2: NGINX_WAF: is not a known setting (nself config list)",
    ]


def test_a_name_of_a_servers_own_is_passed_through_with_a_warning() -> None:
    assert warnings("AUTH_ACCESS_TOKEN_EXPIRE_IN=1") == [
        ".env:1: AUTH_ACCESS_TOKEN_EXPIRE_IN: is not a setting we know; it is passed to its server as it is"
        " (did you mean AUTH_ACCESS_TOKEN_EXPIRES_IN?)"
    ]


def test_a_likely_misspelling_is_a_warning_and_the_users_own_names_are_theirs() -> None:
    assert warnings("BASE_DOMIAN=x\nSTRIPE_API_KEY=abc\nPORT=1") == [
        ".env:1: BASE_DOMIAN: is not a known setting (did you mean BASE_DOMAIN?)"
    ]


def test_variables_that_nothing_reads_any_more_say_so() -> None:
    assert warnings("SERVICES_ENABLED=true") == [
        ".env:1: SERVICES_ENABLED: has no effect: a custom service runs when its CS_N is set"
    ]


def test_a_switch_of_a_service_that_is_not_there_says_so() -> None:
    assert warnings("POSTGRES_MEMORY=4G") == [
        ".env:1: POSTGRES_MEMORY: has no effect: say it with nself scale up postgres --memory"
    ]
    assert warnings("REDIS_ENABLED=true") == [".env:1: REDIS_ENABLED: has no effect: this version has no such service"]


def test_a_value_of_the_wrong_type_is_named_and_a_secret_is_not_shown() -> None:
    assert problems({".env": "POSTGRES_PORT=abc\nLOG_LEVEL=loud\nJWT_KEY=hunter2"}) == [
        '.env:1: POSTGRES_PORT: expected a whole number, got "abc"',
        '.env:2: LOG_LEVEL: expected one of debug, info, warn, error, got "loud"',
        ".env:3: JWT_KEY: expected at least 32 characters, got 7",
    ]


@pytest.mark.parametrize("name", ["My Shop", "1st-shop", "shop.test", "-", "x" * 60, "Äpfel"])
def test_a_bad_name_is_never_replaced_silently(name: str) -> None:
    (problem,) = problems({".env": f"PROJECT_NAME='{name}'"})
    assert problem.startswith(".env:1: PROJECT_NAME: expected lower-case letters")
    assert f"(for example {suggested(name)})" in problem


@pytest.mark.parametrize("name", ["My Shop", "1st", "", "_", "日本", "x" * 80, "a--", "UPPER_case"])
def test_what_is_suggested_would_do(name: str) -> None:
    import re

    assert re.fullmatch(NAME_PATTERN, suggested(name))


def test_a_project_without_a_name_is_told_one() -> None:
    assert [str(problem) for problem in loaded({".env": SECRETS}).problems] == [
        "PROJECT_NAME: is required but not set (PROJECT_NAME=shop)"
    ]


@pytest.mark.parametrize("secret", ["postgres", "ChangeMe", " password "])
def test_a_well_known_secret_is_refused_outside_dev(secret: str) -> None:
    text = f"DB_PASSWORD='{secret}'"
    assert problems({".env": text}, env="prod") == [
        ".env:1: DB_PASSWORD: is a well-known default that anyone would try first (nself config secrets generate)"
    ]
    assert len(warnings(text)) == 1


def test_a_short_secret_is_refused_outside_dev() -> None:
    (problem,) = problems({".env": "DB_PASSWORD=x7!kq"}, env="staging")
    assert problem.startswith(".env:1: DB_PASSWORD: is too short to be a secret (5 characters;")
    assert "x7!kq" not in problem


def test_the_weak_ones_are_compared_in_lower_case() -> None:
    assert all(word == word.lower() for word in WEAK)


def test_a_missing_secret_of_a_wanted_service_is_named() -> None:
    found = [str(problem) for problem in loaded({".env": f"PROJECT_NAME=x\nJWT_KEY={'j' * 64}"}).problems]
    assert found == ["DB_PASSWORD: is required but not set (nself config secrets generate)"]
    # API_SECRET belongs to a service that this project does not want: nobody misses it.


def test_two_built_in_services_cannot_share_a_host() -> None:
    assert problems({".env": "HASURA_ROUTE=a b"}) == [
        ".env:1: HASURA_ROUTE: expected a label (api) or a host (api.example.com), got 'a b'"
    ]


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("POSTGRES_HOST=postgres", "DATABASE_URL names a database elsewhere"),
        ("HASURA_DEV_MODE=true", "HASURA_GRAPHQL_DEV_MODE has"),
        ("SSL_PROVIDER=mkcert", "SSL_MODE says whose the certificate is"),
        ("STORAGE_MAX_FILE_SIZE=52428800", "max_upload_file_size in storage.buckets"),
        ("FRONTEND_APP_7_BRANCH=main", "deploys no frontends"),
        ("FRONTEND_APP_7_API_PORT=4001", "a service of its own"),
        ("DOCKER_REGISTRY=docker.io", "registry-mirrors"),
    ],
)
def test_a_project_of_the_earlier_program_loads_and_hears_what_counts_instead(line: str, instead: str) -> None:
    text = f"FRONTEND_APP_7_NAME=shop\n{line}"
    (warning,) = warnings(text)
    assert f"{line.partition('=')[0]}: has no effect" in warning and instead in warning
