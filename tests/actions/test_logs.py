from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from nself.actions import build, logs
from nself.actions import project as projects
from nself.actions.logs import Filter, Line, Logs
from nself.actions.stack import Stack
from nself.errors import UsageError
from nself.events import ignore
from nself.host import LocalHost
from nself.model.spec import Category, ServiceSpec
from tests.actions.places import home, written

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


def line(message: str = "hello", *, ts: datetime | None = NOW) -> Line:
    return Line(ts=ts, service="web", stream="stdout", level=logs.level_of(message), message=message)


@pytest.mark.parametrize(
    ("chosen", "found", "kept"),
    [
        (Filter(level="warn"), line("ERROR: hello"), True),
        (Filter(level="warn"), line("INFO: hello"), False),
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


class Said:
    """A stack whose every log is these lines, and how far back they were read."""

    def __init__(self, lines: Sequence[str], *services: str, unit: str = "") -> None:
        self.said, self.asked = lines, list[int | None]()
        self.runtime = self
        self.specs = [ServiceSpec(name=name, category=Category.OPTIONAL) for name in services or ("web",)]
        self.shared = unit

    def unit(self, spec: ServiceSpec) -> str:
        return self.shared or spec.name

    def lines(self, unit: str, *, last: int | None = None) -> Iterator[str]:
        self.asked.append(last)
        return iter(self.said if last is None else self.said[-last:])


def read(said: Said, chosen: Filter | None = None) -> Logs:
    return Logs(cast(Stack, said), chosen or Filter(), [said.unit(said.specs[0])])


MANY = [f"2026-01-31 12:{number // 60 % 60:02}:{number % 60:02},000 INFO line {number}" for number in range(3000)]


def test_the_last_lines_are_read_and_no_others() -> None:
    said = Said(MANY)
    assert [line.message for line in read(said).last(3)] == MANY[-3:]
    assert said.asked == [3]


def test_none_at_all_are_nothing() -> None:
    said = Said(MANY)
    assert (read(said).last(0), said.asked) == ([], [])


def test_what_is_rare_is_looked_for_further_and_further_back() -> None:
    said = Said(MANY)
    found = read(said, Filter(search=logs.pattern("line 2500", regex=False))).last(3)
    assert [line.message for line in found] == [MANY[2500]]
    assert said.asked == [3, 24, 192, 1536, 12288]


def test_nothing_older_than_what_is_asked_for_is_read() -> None:
    said = Said(MANY)
    since = logs.parse(MANY[-5], program="web", servers=set()).ts
    found = read(said, Filter(since=since, search=logs.pattern("line 1$", regex=True))).last(3)
    assert (found, said.asked) == ([], [3, 24])


def test_who_says_nothing_in_a_shared_log_is_not_looked_for_forever() -> None:
    lines = ["2026-01-31 12:00:00,000 INFO nself.auth: hello"] * 200_000
    said = Said(lines, "auth", "mail", unit="backend")
    assert len(read(said).last(10)) == 10
    assert said.asked[-1] is not None and said.asked[-1] < len(lines)
    said.asked.clear()
    assert read(said, Filter(services=("mail",))).last(10) == []
    assert said.asked[-1] is not None and said.asked[-1] > len(lines)


def test_counts_hold_no_lines() -> None:
    said = Said([*MANY, "2026-01-31 13:00:00,000 ERROR broken"])
    (web,) = read(said).count().services
    assert (web.lines, web.errors, web.warnings, said.asked) == (3001, 1, 0, [None])


def test_a_service_that_was_not_built_yet_has_said_nothing(tmp_path: Path) -> None:
    project = written(tmp_path)
    build.build(project, LocalHost(), home(tmp_path), ignore)
    (tmp_path / "nself.yml").write_text("services: {new: {command: new}}\n")
    project = projects.load(tmp_path, {})
    assert logs.open_logs(project, LocalHost(), {}, Filter()).last(10) == []
