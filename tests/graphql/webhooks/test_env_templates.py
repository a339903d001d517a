from __future__ import annotations

import pytest

from nself.graphql.errors import ApiError
from nself.graphql.metadata.reader import Reader
from nself.graphql.webhooks.env_templates import Header, UnsetVariableError, exported, filled, header, headers, unset


def test_names_in_double_braces_are_replaced() -> None:
    environ = {"HOST": "http://h", "PATH_2": "p"}
    assert filled("{{HOST}}/{{ PATH_2 }}?q={x}", environ) == "http://h/p?q={x}"


def test_a_value_is_not_a_template_again() -> None:
    assert filled("{{A}}", {"A": "{{B}}", "B": "no"}) == "{{B}}"


def test_unset_names_are_told() -> None:
    assert unset("{{A}}{{B}}{{A}}", {"B": ""}) == ["A"]
    with pytest.raises(UnsetVariableError, match="environment variables not set: A, C"):
        filled("{{C}}{{A}}", {})


def test_headers_read_and_written() -> None:
    written = [{"name": "a", "value": "1"}, {"name": "b", "value_from_env": "B"}]
    read = headers(Reader(written))
    assert exported(read) == written
    assert [entry.resolved({"B": "2"}) for entry in read] == ["1", "2"]
    with pytest.raises(UnsetVariableError):
        Header(name="b", from_env="B").resolved({})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"name": "a"}, "expecting value or value_from_env keys"),
        ({"name": "a", "value": "x", "value_from_env": "Y"}, "expecting only one of value or value_from_env keys"),
        (
            {"name": "a", "value_from_env": "HASURA_GRAPHQL_ADMIN_SECRET"},
            'env variables starting with "HASURA_GRAPHQL_" are not allowed in value_from_env: '
            "HASURA_GRAPHQL_ADMIN_SECRET",
        ),
    ],
)
def test_a_header_has_one_value_and_not_one_of_the_engines(given: dict[str, str], message: str) -> None:
    with pytest.raises(ApiError) as caught:
        header(Reader(given))
    assert caught.value.message == message
