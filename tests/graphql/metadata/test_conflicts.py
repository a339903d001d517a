from __future__ import annotations

from typing import Any

import pytest

from nself.graphql.errors import ApiError
from nself.graphql.metadata import parse
from nself.graphql.metadata.conflicts import refuse_conflicts


def table(name: str, **configuration: Any) -> dict[str, Any]:
    return {"table": name, "configuration": configuration}


def message(*tables: dict[str, Any]) -> str:
    with pytest.raises(ApiError) as caught:
        refuse_conflicts(parse.metadata({"tables": list(tables)}), {})
    assert (caught.value.code, caught.value.http_status) == ("unexpected", 500)
    return caught.value.message


def test_different_names_do_not_conflict() -> None:
    refuse_conflicts(parse.metadata({"tables": [table("a"), table("b", custom_name="c")]}), {})


def test_one_root_field_claimed_twice_is_named_with_its_owners() -> None:
    assert message(table("a"), table("b", custom_root_fields={"select": "a"})) == (
        "Encountered conflicting definitions in the selection set for 'query_root' for field 'a' "
        "defined in [table a in source default, table b in source default]. "
        "Fields must not be defined more than once across all sources."
    )


def test_several_are_listed() -> None:
    said = message(table("a"), table("b", custom_name="a"))
    assert "for 'mutation_root' for fields: ['delete_a_by_pk' defined in [" in said
    assert said.count("defined in") == 7
