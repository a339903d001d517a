from __future__ import annotations

from dataclasses import dataclass

import pytest

from nself.model.schema import Schema, gather, masked
from nself.settings import env
from tests.model.stacks import ApiSettings, DatabaseSettings


@dataclass(frozen=True)
class Reader:
    url: str = env("SERVER_URL", aliases=("READER_URL", "ANY_URL"))


@dataclass(frozen=True)
class Writer:
    url: str = env("SERVER_URL", aliases=("WRITER_URL",))
    other: int = env("OTHER_URL", aliases=("ANY_URL",))


SCHEMA = gather({"postgres": (DatabaseSettings,), "graphql": (ApiSettings,)})


def test_an_alias_means_its_name_also_in_a_numbered_family() -> None:
    assert SCHEMA.canonical("AUTH_JWT_SECRET") == "JWT_KEY"
    assert SCHEMA.canonical("FRONTEND_APP_3_PREFIX") == "FRONTEND_APP_3_ROUTE"
    assert SCHEMA.canonical("MINE") == "MINE"


def test_an_alias_of_one_class_alone_is_not_forced_on_the_others() -> None:
    schema = Schema((Reader, Writer))
    assert schema.canonical("READER_URL") == "READER_URL"
    assert schema.canonical("ANY_URL") == "ANY_URL"
    assert schema.knows("READER_URL")
    assert len(schema.find("SERVER_URL")) == 2
    assert len(schema.find("ANY_URL")) == 2


@pytest.mark.parametrize("key", ["CS_1", "CS_12_PORT", "CS_3_ENV_API_TOKEN", "FRONTEND_APP_1_NAME", "POSTGRES_PORT"])
def test_names_of_families_are_known_for_every_number(key: str) -> None:
    assert SCHEMA.knows(key)


@pytest.mark.parametrize("key", ["CS_0", "CS_X_PORT", "CS_1_PROT", "MINE", "CS_9999999_PORT"])
def test_others_are_not(key: str) -> None:
    assert not SCHEMA.knows(key)


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("POSTGRES_PROT", "POSTGRES_PORT"),
        ("CS_2_COMAND", "CS_2_COMMAND"),
        ("postgres_port", "POSTGRES_PORT"),
        ("X", None),
    ],
)
def test_the_nearest_name_keeps_the_number(key: str, meant: str | None) -> None:
    assert SCHEMA.nearest(key) == meant


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        ("DB_PASSWORD", True),
        ("HASURA_JWT_KEY", True),
        ("STRIPE_API_KEY", True),
        ("CS_1_ENV_API_TOKEN", True),
        ("AUTH_SMTP_PASS", True),
        ("POSTGRES_PORT", False),
        ("KEYBOARD", False),
        ("AUTH_ACCESS_TOKEN_EXPIRES_IN", False),
        ("PASSENGER", False),
    ],
)
def test_a_name_like_a_secret_is_one_unless_declared_otherwise(key: str, secret: bool) -> None:
    assert SCHEMA.is_secret(key) is secret


def test_a_masked_secret_shows_too_little_to_use() -> None:
    assert masked("abcdefghijklmnopqrstuvwxyz") == "abcd…(26)"
    assert masked("short") == "…(5)"
    assert masked("") == ""
