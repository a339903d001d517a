"""The Range header against a content's size."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nself.storage.errors import RangeError
from nself.storage.ranges import Span, resolve


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, (0, 10)),
        ("bytes=0-3", (0, 4)),
        ("bytes=4-", (4, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-30", (0, 10)),
        ("bytes=9-9", (9, 10)),
        ("bytes=5-500", (5, 10)),
        ("bytes=0-", (0, 10)),
        ("bytes=0-99999999999999999999999999", (0, 10)),
        ("bytes=-99999999999999999999999999", (0, 10)),
        ("bytes=0-1,4-5", (0, 10)),
        ("bytes=3-1", (0, 10)),
        ("bytes=-", (0, 10)),
        ("bytes=a-b", (0, 10)),
        ("lines=1-2", (0, 10)),
        ("bytes=٣-٤", (0, 10)),
        ("", (0, 10)),
    ],
)
def test_a_range_becomes_a_span_and_nonsense_the_whole(header: str | None, expected: tuple[int, int]) -> None:
    span = resolve(header, 10)
    assert (span.start, span.end) == expected


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=11-12", "bytes=-0", "bytes=99999999999999999999-"])
def test_a_range_outside_the_content_is_refused_with_its_size(header: str) -> None:
    with pytest.raises(RangeError) as caught:
        resolve(header, 10)
    assert (caught.value.http_status, caught.value.headers) == (416, {"Content-Range": "bytes */10"})


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=-1", "bytes=0-0"])
def test_nothing_can_be_a_part_of_an_empty_content(header: str) -> None:
    with pytest.raises(RangeError):
        resolve(header, 0)


def test_a_span_says_what_it_is_in_the_words_of_content_range() -> None:
    assert Span(2, 5, 10).header == "bytes 2-4/10"
    assert Span(0, 10, 10).whole


@given(st.text(max_size=30) | st.from_regex(r"bytes=\d*-\d*", fullmatch=True), st.integers(0, 1000))
def test_whatever_is_asked_the_span_lies_within_the_content(header: str, size: int) -> None:
    try:
        span = resolve(header, size)
    except RangeError:
        return
    assert 0 <= span.start <= span.end <= size
    assert span.length > 0 or span.whole
