from __future__ import annotations

import datetime as dt
from itertools import islice

import pytest

from nself.graphql.events.cron import parsed

START = dt.datetime(2026, 1, 30, 22, 58, 30, tzinfo=dt.UTC)  # a Friday


def moments(expression: str, count: int, start: dt.datetime = START) -> list[str]:
    return [f"{moment:%Y-%m-%d %H:%M}" for moment in islice(parsed(expression).after(start), count)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("* * * * *", ["2026-01-30 22:59", "2026-01-30 23:00", "2026-01-30 23:01"]),
        ("58 22 * * *", ["2026-01-31 22:58", "2026-02-01 22:58", "2026-02-02 22:58"]),
        ("*/30 * * * *", ["2026-01-30 23:00", "2026-01-30 23:30", "2026-01-31 00:00"]),
        ("5/25 23 * * *", ["2026-01-30 23:05", "2026-01-30 23:30", "2026-01-30 23:55"]),
        ("0 9-17/4 * * *", ["2026-01-31 09:00", "2026-01-31 13:00", "2026-01-31 17:00"]),
        ("0 0 1,15 * *", ["2026-02-01 00:00", "2026-02-15 00:00", "2026-03-01 00:00"]),
        ("0 0 31 * *", ["2026-01-31 00:00", "2026-03-31 00:00", "2026-05-31 00:00"]),
        ("0 0 29 2 *", ["2028-02-29 00:00", "2032-02-29 00:00", "2036-02-29 00:00"]),
        ("0 12 * * MON-FRI", ["2026-02-02 12:00", "2026-02-03 12:00", "2026-02-04 12:00"]),
        ("0 12 * * 0", ["2026-02-01 12:00", "2026-02-08 12:00", "2026-02-15 12:00"]),
        ("0 12 * * 7", ["2026-02-01 12:00", "2026-02-08 12:00", "2026-02-15 12:00"]),
        ("0 0 * Mar,dec *", ["2026-03-01 00:00", "2026-03-02 00:00", "2026-03-03 00:00"]),
        ("  0   0  1 1  * ", ["2027-01-01 00:00", "2028-01-01 00:00", "2029-01-01 00:00"]),
        ("@hourly", ["2026-01-30 23:00", "2026-01-31 00:00", "2026-01-31 01:00"]),
    ],
)
def test_the_next_moments(expression: str, expected: list[str]) -> None:
    assert moments(expression, 3) == expected


def test_a_day_may_match_by_date_or_by_weekday_when_both_are_restricted() -> None:
    assert moments("0 0 13 * FRI", 4) == [
        "2026-02-06 00:00",
        "2026-02-13 00:00",
        "2026-02-20 00:00",
        "2026-02-27 00:00",
    ]


def test_a_star_with_a_step_does_not_count_as_a_restriction() -> None:
    assert moments("0 0 */10 * SUN", 2) == ["2026-02-01 00:00", "2026-03-01 00:00"]


def test_the_minute_under_way_is_over() -> None:
    exactly = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    assert moments("0 0 * * *", 1, exactly) == ["2026-01-02 00:00"]


def test_a_day_that_never_comes_gives_nothing() -> None:
    assert moments("0 0 31 2 *", 5) == []


@pytest.mark.parametrize(
    ("expression", "comes"),
    [
        ("0 0 31 2 *", False),
        ("0 0 30,31 FEB *", False),
        ("0 0 31 4,6,9,11 *", False),
        ("0 0 31 2 FRI", True),
        ("0 0 29 2 *", True),
        ("0 0 31 2,3 *", True),
        ("* * * * *", True),
    ],
)
def test_whether_a_time_ever_comes_is_known_beforehand(expression: str, comes: bool) -> None:
    assert parsed(expression).comes is comes
    assert bool(moments(expression, 1)) is comes


def test_the_longest_wait_is_seen_through() -> None:
    before = dt.datetime(2072, 3, 1, tzinfo=dt.UTC)
    assert moments("0 0 29 2 *", 8, before)[-1] == "2108-02-29 00:00"


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("", "expected 5 fields"),
        ("* * * *", "expected 5 fields .*, found 4"),
        ("* * * * * *", "expected 5 fields .*, found 6"),
        ("60 * * * *", "minute: '60' is not between 0 and 59"),
        ("* 24 * * *", "hour: '24'"),
        ("* * 0 * *", "day of month: '0'"),
        ("* * * 13 *", "month: '13'"),
        ("* * * * 8", "day of week: '8'"),
        ("* * * * tues", "day of week: 'tues'"),
        ("1,,2 * * * *", "minute: ''"),
        ("-1 * * * *", "minute: ''"),
        ("5-1 * * * *", "minute: the range 5-1 is empty"),
        ("*/0 * * * *", "minute: '0' is no step"),
        ("*/x * * * *", "minute: 'x' is no step"),
        ("*/ * * * *", "minute: '' is no step"),
        ("1-2-3 * * * *", "minute: '2-3'"),
        ("٣ * * * *", "minute:"),
        ("9999999999999999999 * * * *", "minute:"),
        ("@never", "expected 5 fields"),
    ],
)
def test_what_is_wrong_is_said(expression: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parsed(expression)
