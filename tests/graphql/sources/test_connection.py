from __future__ import annotations

from typing import Any

import pytest

from nself.graphql.errors import ApiError
from nself.graphql.metadata.reader import Reader
from nself.graphql.sources.connection import Connection, UnknownVariableError, connection


def read(environ: dict[str, str] | None = None, **info: Any) -> Connection:
    return connection(Reader({"connection_info": info}), environ or {})


def test_the_address_is_text_a_variable_or_parameters() -> None:
    assert read(database_url="postgresql://h/d").dsn == "postgresql://h/d"
    assert read({"X": "postgresql://x"}, database_url={"from_env": "X"}).dsn == "postgresql://x"
    parameters = {"host": "/run/pg", "port": 5433, "username": "u", "password": "p@ss/&:?", "database": "d b"}
    assert read(database_url={"connection_parameters": parameters}).dsn == (
        "postgresql:///?host=%2Frun%2Fpg&port=5433&user=u&password=p%40ss%2F%26%3A%3F&database=d%20b"
    )


def test_the_pool_is_as_the_source_says() -> None:
    found = read(
        database_url="x",
        pool_settings={"max_connections": 3, "idle_timeout": 9, "pool_timeout": 2, "retries": 1},
        isolation_level="serializable",
    )
    assert (found.max_connections, found.idle_s, found.pool_timeout_s) == (3, 9, 2)
    assert found.isolation == "serializable"


def test_a_variable_that_is_not_set_is_named() -> None:
    with pytest.raises(UnknownVariableError, match="environment variable 'NOWHERE' not set"):
        read(database_url={"from_env": "NOWHERE"})


@pytest.mark.parametrize(
    "info",
    [
        {},
        {"database_url": ""},
        {"database_url": 7},
        {"database_url": {}},
        {"database_url": {"connection_parameters": {"host": "h"}}},
        {"database_url": "x", "pool_settings": {"max_connections": 0}},
        {"database_url": "x", "pool_settings": {"max_connections": 100_000}},
        {"database_url": "x", "pool_settings": {"max_connections": "many"}},
        {"database_url": "x", "isolation_level": "chaos"},
        {"database_url": "x", "ssl_configuration": {"sslmode": "require"}},
    ],
)
def test_what_has_the_wrong_form_is_refused(info: dict[str, Any]) -> None:
    with pytest.raises(ApiError) as caught:
        read(**info)
    assert caught.value.code == "parse-failed"


def test_nothing_shows_the_address() -> None:
    assert "secret" not in repr(read(database_url="postgresql://u:secret@h/d"))
