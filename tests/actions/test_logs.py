from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from nself.actions import logs
from nself.actions.logs import Filter, Line
from nself.errors import UsageError

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
SERVERS = {"auth", "graphql"}


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("2026-01-31 12:00:00.123 UTC [7] postgres@shop/psql ERROR:  relation does not exist", "error"),
        ("2026-01-31 12:00:00.123 UTC [7] LOG:  database system is ready", "info"),
        ("2026-01-31 12:00:00.123 UTC [7] FATAL:  the database system is starting up", "error"),
        ("2026/01/31 12:00:00 [emerg] 7#7: bind() failed", "error"),
        ("2026/01/31 12:00:00 [warn] 7#7: low on connections", "warn"),
        ("2026-01-31 12:00:00,123 WARNING nself.auth: a rule is missing", "warn"),
        ("plain words about an error that happened", "info"),
    ],
)
def test_levels_are_read_from_what_each_program_writes(text: str, level: str) -> None:
    assert logs.level_of(text) == level


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2026-01-31 12:00:00.000 UTC [7] LOG: x", 12),
        ("2026-01-31T12:00:00Z x", 12),
        ("[2026-01-31 13:00:00 +01:00] x", 12),
        ("2026/01/31 12:00:00 [warn] x", 17),
        ("2026-01-31 12:00:00,000 INFO x", 17),
        ("2026-01-31 12:00:00.000 EST [7] LOG: x", 17),
    ],
)
def test_times_are_read_in_every_form(text: str, hour: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        assert logs.parse(text, program="postgres", servers=set()).ts == NOW.replace(hour=hour)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_line_of_the_shared_process_belongs_to_the_server_it_names() -> None:
    line = logs.parse("2026-01-31 12:00:00,000 INFO nself.auth signed in", program="backend", servers=SERVERS)
    other = logs.parse("Traceback (most recent call last):", program="backend", servers=SERVERS, before=NOW)

    assert (line.service, other.service, other.ts) == ("auth", "backend", NOW)


def line(message: str = "hello", *, level: str = "info", ts: datetime | None = NOW) -> Line:
    return Line(ts=ts, service="web", stream="stdout", level=level, message=message)


@pytest.mark.parametrize(
    ("chosen", "found", "kept"),
    [
        (Filter(level="warn"), line(level="error"), True),
        (Filter(level="warn"), line(level="info"), False),
        (Filter(since=NOW - timedelta(minutes=1)), line(), True),
        (Filter(since=NOW + timedelta(minutes=1)), line(), False),
        (Filter(since=NOW), line(ts=None), False),
        (Filter(until=NOW - timedelta(minutes=1)), line(), False),
        (Filter(search=logs.pattern("HELL.", regex=True)), line(), True),
        (Filter(search=logs.pattern("hell.", regex=False)), line(), False),
        (Filter(no_health=True), line("GET /healthz 200"), False),
        (Filter(no_health=True), line("GET /wealth 200"), True),
    ],
)
def test_a_filter_keeps_what_it_says(chosen: Filter, found: Line, kept: bool) -> None:
    assert chosen.keeps(found) is kept


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("10m", NOW - timedelta(minutes=10)),
        ("3d", NOW - timedelta(days=3)),
        ("2026-01-31", NOW.replace(hour=0)),
        ("2026-01-31T13:00:00+01:00", NOW),
    ],
)
def test_moments_are_ages_or_dates(text: str, moment: datetime) -> None:
    assert logs.moment(text, now=NOW) == moment


@pytest.mark.parametrize("text", ["soon", "10", "-5m", "31.1.2026"])
def test_anything_else_is_no_moment(text: str) -> None:
    with pytest.raises(UsageError, match="is not a time"):
        logs.moment(text, now=NOW)


def test_a_wrong_regular_expression_is_said_to_be_one() -> None:
    with pytest.raises(UsageError, match="not a regular expression"):
        logs.pattern("(", regex=True)
