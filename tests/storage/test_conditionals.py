"""RFC 9110 §13.2.2, one precondition at a time and in pairs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from nself.storage.conditionals import evaluate, if_range_holds

ETAG = '"abc"'
MODIFIED = datetime(2026, 3, 1, 12, 0, 0, 900_000, UTC)
BEFORE = "Sun, 01 Mar 2026 11:59:59 GMT"
AT = "Sun, 01 Mar 2026 12:00:00 GMT"
AFTER = "Sun, 01 Mar 2026 12:00:01 GMT"


@pytest.mark.parametrize(
    ("headers", "verdict"),
    [
        ({}, 200),
        ({"if-match": ETAG}, 200),
        ({"if-match": '"x", "abc"'}, 200),
        ({"if-match": "*"}, 200),
        ({"if-match": '"x"'}, 412),
        ({"if-match": "abc"}, 412),
        ({"if-none-match": ETAG}, 304),
        ({"if-none-match": 'W/"abc"'}, 304),
        ({"if-none-match": '"x","abc"'}, 304),
        ({"if-none-match": "*"}, 304),
        ({"if-none-match": '"x"'}, 200),
        ({"if-modified-since": BEFORE}, 200),
        ({"if-modified-since": AT}, 304),
        ({"if-modified-since": AFTER}, 304),
        ({"if-modified-since": "yesterday"}, 200),
        ({"if-modified-since": "Sun, 01 Mar 99999 12:00:00 GMT"}, 200),
        ({"if-unmodified-since": BEFORE}, 412),
        ({"if-unmodified-since": AT}, 200),
        ({"if-unmodified-since": "never"}, 200),
        ({"if-match": ETAG, "if-none-match": ETAG}, 304),
        ({"if-match": '"x"', "if-none-match": ETAG}, 412),
    ],
)
def test_each_precondition_decides_as_the_standard_says(headers: dict[str, str], verdict: int) -> None:
    assert evaluate(headers, etag=ETAG, modified=MODIFIED) == verdict


def test_an_entity_tag_outweighs_the_date_beside_it() -> None:
    replaced = {"if-none-match": '"old"', "if-modified-since": AFTER}
    assert evaluate(replaced, etag=ETAG, modified=MODIFIED) == 200
    unchanged = {"if-match": ETAG, "if-unmodified-since": BEFORE}
    assert evaluate(unchanged, etag=ETAG, modified=MODIFIED) == 200


@pytest.mark.parametrize(
    ("value", "holds"),
    [(None, True), (ETAG, True), ('"x"', False), ('W/"abc"', False), (AT, True), (BEFORE, False), ("soon", False)],
)
def test_if_range_asks_for_exactly_this_content(value: str | None, holds: bool) -> None:
    assert if_range_holds(value, etag=ETAG, modified=MODIFIED) is holds
