from __future__ import annotations

from typing import Any

import pytest

from nself.graphql.metadata import boolexp
from nself.pg.catalog import Name
from tests.graphql.metadata.documents import ARTICLE, AUTHOR

RELATIONSHIPS = {(ARTICLE, "author"): AUTHOR, (AUTHOR, "articles"): ARTICLE}


def shouted(expression: dict[str, Any]) -> Any:
    """The expression on `article` with every name marked by the table it was met in."""
    visitor = boolexp.Visitor(
        column=lambda table, name: f"{table}.{name}",
        relationship=lambda table, name: f"{table}->{name}",
        table=lambda name: Name(name.schema, name.name.upper()),
        target=lambda table, name: RELATIONSHIPS.get((table, name)),
    )
    return boolexp.rewrite(expression, ARTICLE, visitor)


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ({}, {}),
        ({"id": 3}, {"article.id": 3}),
        ({"id": {"_eq": "X-Hasura-User-Id"}}, {"article.id": {"_eq": "X-Hasura-User-Id"}}),
        ({"_or": [{"id": 1}, {"$not": {"id": 2}}]}, {"_or": [{"article.id": 1}, {"$not": {"article.id": 2}}]}),
        ({"author": {"name": "x"}}, {"article->author": {"author.name": "x"}}),
        (
            {"author": {"articles": {"title": "x"}}},
            {"article->author": {"author->articles": {"article.title": "x"}}},
        ),
        (
            {"id": {"_ceq": "other", "$clt": ["same"]}},
            {"article.id": {"_ceq": "article.other", "$clt": ["article.same"]}},
        ),
        (
            {"_exists": {"_table": "author", "_where": {"id": {"_ceq": ["$", "owner"]}}}},
            {
                "_exists": {
                    "_table": {"schema": "public", "name": "AUTHOR"},
                    "_where": {"author.id": {"_ceq": ["$", "article.owner"]}},
                }
            },
        ),
        (
            {
                "author": {
                    "articles_aggregate": {"count": {"predicate": {"_gt": 1}, "arguments": ["id"], "filter": {"id": 1}}}
                }
            },
            {
                "article->author": {
                    "author->articles_aggregate": {
                        "count": {"predicate": {"_gt": 1}, "arguments": ["article.id"], "filter": {"article.id": 1}}
                    }
                }
            },
        ),
    ],
)
def test_every_name_is_met_in_its_table(expression: dict[str, Any], wanted: Any) -> None:
    assert shouted(expression) == wanted


@pytest.mark.parametrize("nonsense", [{"_and": 7}, {"_exists": 7}, {"_exists": {"_table": 7}}, {"_not": None}])
def test_what_makes_no_sense_is_left_alone(nonsense: dict[str, Any]) -> None:
    assert shouted(nonsense) == nonsense
