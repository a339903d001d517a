from __future__ import annotations

from typing import Any

import pytest

from nself.graphql.metadata import parse, served
from tests.graphql.metadata.documents import everything


def said(document: dict[str, Any]) -> list[tuple[str, str]]:
    found = served.remarks(document)
    return [(".".join(map(str, remark.steps)), remark.message) for remark in found]


def test_an_ordinary_document_gives_no_remark() -> None:
    table = {
        "table": {"schema": "public", "name": "users"},
        "select_permissions": [{"role": "user", "permission": {"columns": "*", "filter": {}}}],
    }
    assert said({"version": 3, "sources": [{"name": "default", "kind": "postgres", "tables": [table]}]}) == []


@pytest.mark.parametrize(
    ("document", "where", "message"),
    [
        (
            {"sources": [{"tables": [{"selct_permissions": []}]}]},
            "sources.0.tables.0.selct_permissions",
            "did you mean select_permissions?",
        ),
        (
            {"sources": [{"tables": [{"select_permissions": [{"permission": {"colums": []}}]}]}]},
            "sources.0.tables.0.select_permissions.0.permission.colums",
            "did you mean columns?",
        ),
        ({"sources": [{"kind": "mssql"}]}, "sources.0.kind", "databases of kind mssql are not served"),
        ({"sources": [{"native_queries": [{}]}]}, "sources.0.native_queries", "track a view or a function instead"),
        ({"opentelemetry": {"status": "enabled"}}, "opentelemetry", "it is kept, without an effect"),
        (
            {"sources": [{"tables": [{"event_triggers": [{"response_transform": {"version": 2}}]}]}]},
            "sources.0.tables.0.event_triggers.0.response_transform",
            "it is kept, without an effect",
        ),
        (
            {"sources": [{"tables": [{"event_triggers": [{"cleanup_config": {"batchsize": 1}}]}]}]},
            "sources.0.tables.0.event_triggers.0.cleanup_config.batchsize",
            "did you mean batch_size?",
        ),
        ({"cron_triggers": [{"schdule": "0 * * * *"}]}, "cron_triggers.0.schdule", "did you mean schedule?"),
        ({"xyz": 1}, "xyz", "not a key of metadata version 3"),
    ],
)
def test_what_has_no_effect_is_named_with_its_place(document: dict[str, Any], where: str, message: str) -> None:
    (remark,) = said(document)
    assert remark[0] == where
    assert message in remark[1]


@pytest.mark.parametrize("document", [{"sources": 3}, {"sources": [1, None]}, {"sources": [{"tables": "x"}]}, {}])
def test_wrong_shapes_are_left_to_the_reader(document: dict[str, Any]) -> None:
    assert said(document) == []


def test_everything_the_model_reads_is_known_here() -> None:
    """A key that `parse` understands and these rows do not would be called unknown."""
    document = everything()
    parse.metadata(document)
    assert [where for where, text in said(document) if "not a key" in text] == ["something_new"]
