from __future__ import annotations

from typing import Any

import pytest

from nself.graphql.errors import ApiError
from nself.graphql.metadata import directory, export, parse
from nself.graphql.metadata.rest_endpoints import RestEndpoint, clashes, objection

OFFERED: dict[str, Any] = {
    "query_collections": [
        {"name": "c", "comment": "x", "definition": {"queries": [{"name": "q", "query": "{ a }"}]}},
        {"name": "empty", "definition": {"queries": []}},
    ],
    "allowlist": [
        {"collection": "c", "scope": {"global": True}},
        {"collection": "empty", "scope": {"global": False, "roles": ["a", "b"]}},
    ],
    "rest_endpoints": [
        {
            "name": "e",
            "url": "a/:b",
            "methods": ["GET", "POST"],
            "definition": {"query": {"collection_name": "c", "query_name": "q"}},
            "comment": "y",
        }
    ],
    "api_limits": {
        "depth_limit": {"global": 5, "per_role": {"a": 3}},
        "rate_limit": {"per_role": {"a": {"max_reqs_per_min": 9, "unique_params": ["X-Hasura-User-Id"]}}},
    },
    "graphql_schema_introspection": {"disabled_for_roles": ["a"]},
}


def document(**parts: Any) -> dict[str, Any]:
    return {"version": 3, "sources": [], **parts}


def endpoint(url: str, *methods: str) -> RestEndpoint:
    return RestEndpoint(name=url, url=url, methods=methods or ("GET",), collection="c", query="q")


def groups(*entries: RestEndpoint) -> list[list[str]]:
    return [[entry.url for entry in group] for group in clashes(entries)]


def test_what_is_offered_survives_reading_and_writing_also_as_a_directory(tmp_path: Any) -> None:
    metadata = parse.metadata(document(**OFFERED))
    exported = export.metadata(metadata)
    assert {key: exported[key] for key in OFFERED} == OFFERED
    for path, text in directory.render(metadata).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert directory.read(tmp_path) == metadata


@pytest.mark.parametrize("part", ["query_collections", "allowlist", "rest_endpoints"])
def test_a_name_stands_once(part: str) -> None:
    with pytest.raises(ApiError, match="multiple declarations"):
        parse.metadata(document(**{part: OFFERED[part][:1] * 2}))


def test_only_urls_that_one_request_can_mean_clash() -> None:
    assert groups(endpoint("a"), endpoint("b"), endpoint("a/b"), endpoint("a/:x/c")) == []
    assert groups(endpoint(":x"), endpoint("a"), endpoint("b")) == [[":x", "a", "b"]]
    assert groups(endpoint("a/:x"), endpoint(":y/b")) == [[":y/b", "a/:x"]]
    assert groups(endpoint(":x", "GET"), endpoint("a", "POST")) == []
    assert groups(endpoint("a/"), endpoint("/a")) == [["/a", "a/"]]


def test_one_clash_is_found_among_many_urls() -> None:
    many = [endpoint(f"path{number}/:x/end") for number in range(1000)]
    assert groups(*many) == []
    assert groups(*many, endpoint("path7/here/:y")) == [["path7/:x/end", "path7/here/:y"]]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("a//b", "Empty segments"),
        ("/", "Empty segments"),
        ("a/:", "Empty segments or unnamed variables"),
        (":x/:x", "Duplicate variables"),
    ],
)
def test_urls_that_cannot_be(url: str, reason: str) -> None:
    metadata = parse.metadata(document(**OFFERED))
    assert (objection(endpoint(url), metadata.query_collections) or "").startswith(reason)
