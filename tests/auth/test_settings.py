from __future__ import annotations

import subprocess
import sys

import pytest

from nself.auth.settings import AuthSettings
from nself.errors import ConfigProblemsError
from nself.settings import from_env, secrets_of, to_env
from tests.auth.conftest import SECRET, settings_of


def test_settings_survive_the_way_through_variables() -> None:
    settings = settings_of(AUTH_SMTP_AUTH_METHOD="CRAM-MD5", AUTH_JWT_CUSTOM_CLAIMS='{"a": "b"}', AUTH_SMTP_PASS="x")
    assert from_env(AuthSettings, to_env(settings)) == settings


def test_secrets_do_not_show() -> None:
    text = repr(settings_of(AUTH_SMTP_PASS="hush", HASURA_GRAPHQL_ADMIN_SECRET="hush"))
    assert "hush" not in text and SECRET not in text
    assert "HASURA_GRAPHQL_JWT_SECRET" in secrets_of(AuthSettings)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("AUTH_PORT", "70000"),
        ("AUTH_API_PREFIX", "v1"),
        ("AUTH_API_PREFIX", "/v1/"),
        ("HASURA_GRAPHQL_JWT_SECRET", "secret"),
        ("AUTH_PASSWORD_MIN_LENGTH", "100"),
        ("AUTH_RATE_LIMIT_EMAIL_INTERVAL", "often"),
        ("AUTH_SMTP_AUTH_METHOD", "NTLM"),
    ],
)
def test_a_wrong_value_is_named_and_not_repeated_when_secret(variable: str, value: str) -> None:
    with pytest.raises(ConfigProblemsError) as problems:
        settings_of(**{variable: value})
    assert variable in problems.value.message
    assert variable != "HASURA_GRAPHQL_JWT_SECRET" or value not in problems.value.message.replace("SECRET", "")


@pytest.mark.parametrize("name", ["AUTH_DATABASE_URL", "POSTGRES_CONNECTION", "DATABASE_URL"])
def test_the_database_has_other_names_too(name: str) -> None:
    variables = {"HASURA_GRAPHQL_JWT_SECRET": SECRET, name: "postgresql://x/y"}
    assert from_env(AuthSettings, variables).database_url == "postgresql://x/y"


def test_links_have_a_base_even_when_none_is_configured() -> None:
    assert settings_of(AUTH_PORT="4001").public_url == "http://localhost:4001/v1"
    assert settings_of(AUTH_SERVER_URL="https://a.example/v1/").public_url == "https://a.example/v1"


def test_reading_settings_imports_no_server() -> None:
    code = "import sys, nself.auth.settings; print(*sorted({'starlette', 'asyncpg', 'httpx'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""
