"""What services said: lines of their log files, parsed as far as they have a form, filtered, followed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from nself.actions.stack import Stack, open_stack
from nself.errors import UsageError
from nself.host import LocalHost
from nself.model.place import BACKEND
from nself.model.project import Project
from nself.model.replicas import service_of
from nself.records import dataclass

LEVELS = ("debug", "info", "warn", "error")
_WORDS = {
    "debug": "debug", "debug1": "debug", "trace": "debug", "info": "info", "log": "info", "notice": "info",
    "statement": "info", "detail": "info", "hint": "info", "warning": "warn", "warn": "warn", "error": "error",
    "err": "error", "critical": "error", "crit": "error", "alert": "error", "emerg": "error", "fatal": "error",
    "panic": "error",
}  # fmt: skip
_LEVEL = re.compile(
    r"\b(DEBUG\d?|TRACE|INFO|LOG|NOTICE|STATEMENT|DETAIL|HINT|WARN(?:ING)?"
    r"|ERR(?:OR)?|CRIT(?:ICAL)?|ALERT|EMERG|FATAL|PANIC)"
    r"\b(?=[:\]\s])"
    r"|\[(?P<bracket>debug|info|notice|warn|error|crit|alert|emerg)\]"
)
_TIME = re.compile(
    r"^\[?(?P<date>\d{4}[-/]\d\d[-/]\d\d)[T ]"
    r"(?P<time>\d\d:\d\d:\d\d(?:[.,]\d{1,6})?)\s?"
    r"(?P<zone>Z|UTC|GMT|[+-]\d\d:?\d\d)?\b"
)
_SERVER = re.compile(r"\bnself\.(?P<server>[a-z]+)\b")
_HEALTH = re.compile(r"/(healthz|livez|health)\b|nself-probe", re.IGNORECASE)
_AGE = re.compile(r"(?P<count>\d+)\s*(?P<unit>s|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line. `ts` is None when the line carries no time of its own and none before it did."""

    ts: datetime | None
    service: str
    stream: str
    level: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which lines to keep. Patterns are regular expressions; `level` keeps that level and worse."""

    services: Sequence[str] = ()
    since: datetime | None = None
    until: datetime | None = None
    search: re.Pattern[str] | None = None
    level: str | None = None
    no_health: bool = False
    categories: Sequence[str] = ()

    def keeps(self, line: Line) -> bool:
        if self.level and LEVELS.index(line.level) < LEVELS.index(self.level):
            return False
        if self.no_health and _HEALTH.search(line.message):
            return False
        if self.search and not self.search.search(line.message):
            return False
        if self.since and (line.ts is None or line.ts < self.since):
            return False
        return not (self.until and line.ts is not None and line.ts > self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    service: str
    errors: int
    warnings: int
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Per service, the one with most first."""

    services: tuple[Count, ...]


@dataclass(frozen=True)
class Logs:
    """What the chosen services said, ready to be read or followed."""

    stack: Stack
    chosen: Filter
    units: Sequence[str] = ()

    def last(self, count: int) -> list[Line]:
        """The last `count` lines of each service that pass, all in the order of time."""
        found: list[Line] = []
        for unit in self.units:
            lines = (line for line in self._parsed(unit, self.stack.runtime.lines(unit)) if self.chosen.keeps(line))
            by_service: dict[str, list[Line]] = {}
            for line in lines:
                kept = by_service.setdefault(line.service, [])
                kept.append(line)
                del kept[:-count]
            found += [line for kept in by_service.values() for line in kept]
        return sorted(found, key=lambda line: line.ts or datetime.min.replace(tzinfo=UTC))

    def follow(self) -> Iterator[Line]:
        """New lines as they come, until the reader stops asking."""
        for found in self.stack.runtime.follow(self.units):
            for unit, lines in found.items():
                yield from (line for line in self._parsed(unit, lines) if self.chosen.keeps(line))

    def count(self) -> Counts:
        """How much each service said, and how bad it was."""
        everything = self.last(1_000_000)
        by_service = Counter(line.service for line in everything)
        bad = Counter((line.service, line.level) for line in everything)
        counts = [
            Count(service=name, errors=bad[name, "error"], warnings=bad[name, "warn"], lines=lines)
            for name, lines in by_service.items()
        ]
        return Counts(services=tuple(sorted(counts, key=lambda count: (-count.errors, -count.lines))))

    def _parsed(self, program: str, lines: Iterable[str]) -> Iterator[Line]:
        before: datetime | None = None
        names = {spec.name for spec in self.stack.runtime.specs}
        for text in lines:
            line = parse(text, program=program, servers=names, before=before)
            before = line.ts
            named = {line.service, service_of(line.service)} & set(self.chosen.services)
            if not self.chosen.services or named or line.service == BACKEND:
                yield line


def open_logs(project: Project, host: LocalHost, environ: Mapping[str, str], chosen: Filter) -> Logs:
    """The logs of the chosen services. A service that never ran has none."""
    opened = open_stack(project, host, environ)
    names = set(opened.check_names(chosen.services))
    specs = [
        spec
        for spec in opened.runtime.specs
        if (not names or {spec.name, service_of(spec.name)} & names)
        and (not chosen.categories or str(spec.category) in chosen.categories)
    ]
    return Logs(opened, chosen, list(dict.fromkeys(opened.runtime.unit(spec) for spec in specs)))


def parse(text: str, *, program: str, servers: set[str], before: datetime | None = None) -> Line:
    """A line of any of our programs. What has no time of its own (a traceback) has that of the line before."""
    match = _TIME.match(text)
    named = _SERVER.search(text) if program == BACKEND else None
    service = named["server"] if named and named["server"] in servers else program
    return Line(
        ts=_moment(match) if match else before, service=service, stream="stdout", level=level_of(text), message=text
    )


def level_of(text: str) -> str:
    """The level a line names near its start; a line that names none is information."""
    match = _LEVEL.search(text[:160])
    return _WORDS[(match["bracket"] or match[1]).lower()] if match else "info"


def moment(text: str, *, now: datetime) -> datetime:
    """`10m`, `2h`, `3d` ago, or a date with or without a time (UTC unless it says otherwise)."""
    age = _AGE.fullmatch(text.strip())
    if age:
        return now - timedelta(seconds=int(age["count"]) * _SECONDS[age["unit"]])
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(f"{text!r} is not a time", fixes=["write 10m, 2h, 3d, or 2026-01-31T12:00:00Z"]) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def pattern(text: str, *, regex: bool) -> re.Pattern[str]:
    """A search without regard to case; `regex` takes the text as a regular expression."""
    try:
        return re.compile(text if regex else re.escape(text), re.IGNORECASE)
    except re.error as error:
        raise UsageError(f"{text!r} is not a regular expression: {error}") from None


def _moment(match: re.Match[str]) -> datetime:
    """A time without a zone, or with one known by its local name only, is this machine's: so do nginx and Python."""
    day, time = match["date"].replace("/", "-"), match["time"].replace(",", ".")
    zone = (match["zone"] or "").replace("UTC", "Z").replace("GMT", "Z")
    try:
        return datetime.fromisoformat(f"{day}T{time}{zone}").astimezone(UTC)
    except ValueError:  # a number that only looks like a date
        return datetime.min.replace(tzinfo=UTC)
