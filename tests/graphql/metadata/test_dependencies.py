from __future__ import annotations

import pytest

from nself.graphql.errors import ApiError
from nself.graphql.metadata import edit, parse
from nself.graphql.metadata.dependencies import Part, dependents, refuse_or_drop
from nself.graphql.metadata.model import Metadata
from tests.graphql.metadata.documents import ARTICLE, AUTHOR, CATALOG, everything


def metadata() -> Metadata:
    return parse.metadata(everything())


def names(*gone: Part) -> list[str]:
    return [str(entry) for entry in dependents(metadata(), CATALOG, "default", set(gone))]


def test_a_column_is_needed_by_permissions_and_by_relationships_over_it() -> None:
    assert names(Part("column", ARTICLE, "title")) == [
        'permission article.user.select in source "default"',
        'permission article.user.update in source "default"',
    ]
    assert 'relationship author.articles in source "default"' in names(Part("column", ARTICLE, "author_id"))
    assert names(Part("column", AUTHOR, "name")) == [
        'permission article.user.select in source "default"',
        'event-trigger author.greet in source "default"',
    ]


def test_what_needs_a_relationship_goes_with_it() -> None:
    assert names(Part("relationship", ARTICLE, "author")) == ['permission article.user.select in source "default"']
    gone = names(Part("table", AUTHOR))
    assert gone == [
        'relationship article.author in source "default"',
        'permission article.user.select in source "default"',
    ]


def test_nothing_depends_on_what_nobody_names() -> None:
    assert names(Part("column", AUTHOR, "born")) == []


def test_with_cascade_dependents_are_dropped_and_without_it_they_are_named() -> None:
    gone = {Part("table", AUTHOR)}
    with pytest.raises(ApiError, match="cannot drop due to the following dependent objects"):
        refuse_or_drop(metadata(), CATALOG, "default", gone, cascade=False)
    kept = edit.table_of(refuse_or_drop(metadata(), CATALOG, "default", gone, cascade=True), "default", ARTICLE)
    assert [entry.name for entry in kept.object_relationships] == ["twin"]
    assert kept.select_permissions == ()
    assert kept.update_permissions
