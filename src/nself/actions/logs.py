"""What services said: lines of their log files, parsed as far as they have a form, filtered, followed."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from nself.actions.stack import Stack, open_stack
from nself.errors import UsageError
from nself.host import LocalHost
from nself.model.place import BACKEND
from nself.model.project import Project
from nself.model.replicas import service_of
from nself.records import dataclass

FURTHER = 8
"""How many times more lines are read when there was not enough among the last ones."""
FAR = 5_000
"""Lines of a shared log, in which one of its services said nothing unless it says next to nothing."""
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

    def mentions(self, text: str) -> bool:
        """What can be told without knowing when it was said."""
        if self.search and not self.search.search(text):
            return False
        if self.level and LEVELS.index(level_of(text)) < LEVELS.index(self.level):
            return False
        return not (self.no_health and _HEALTH.search(text))

    def keeps(self, line: Line) -> bool:
        if not self.mentions(line.message):
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


class _Counted:
    """Lines as they pass by: how many they were, and which came first."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines, self.number, self.first = lines, 0, ""

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.first = self.first if self.number else line
            self.number += 1
            yield line


@dataclass(frozen=True)
class Logs:
    """What the chosen services said, ready to be read or followed."""

    stack: Stack
    chosen: Filter
    units: Sequence[str] = ()

    def last(self, count: int) -> list[Line]:
        """The last `count` lines of each service that pass, all in the order of time."""
        found = [line for unit in self.units for line in self._last(unit, count)] if count else []
        return sorted(found, key=lambda line: line.ts or datetime.min.replace(tzinfo=UTC))

    def _last(self, unit: str, count: int) -> list[Line]:
        """Reads back further and further: of a large log only as much as it takes; no more than `count` are held."""
        wanted = self._services_in(unit)
        back = count
        while True:
            kept: dict[str, deque[Line]] = {}
            counted = _Counted(self.stack.runtime.lines(unit, last=back))
            for line in self._parsed(unit, counted):
                if self.chosen.keeps(line):
                    kept.setdefault(line.service, deque(maxlen=count)).append(line)
            enough = all(len(kept.get(name, ())) >= count for name in wanted)
            if enough or counted.number < back or self._is_past(counted.first) or self._is_far(back):
                return [line for lines in kept.values() for line in lines]
            back *= FURTHER

    def _services_in(self, unit: str) -> list[str]:
        names = [spec.name for spec in self.stack.runtime.specs if self.stack.runtime.unit(spec) == unit]
        asked = set(self.chosen.services)
        return [name for name in names if not asked or {name, service_of(name)} & asked]

    def _is_past(self, oldest: str) -> bool:
        """Whether all before this line is older than what is asked for."""
        found = _TIME.match(oldest)
        return bool(self.chosen.since and found and _moment(found) < self.chosen.since)

    def _is_far(self, back: int) -> bool:
        """One of several that share a log may never have said anything: nobody asked for it by name."""
        return back >= FAR and not (self.chosen.services or self.chosen.search or self.chosen.level)

    def follow(self) -> Iterator[Line]:
        """New lines as they come, until the reader stops asking."""
        for found in self.stack.runtime.follow(self.units):
            for unit, lines in found.items():
                yield from (line for line in self._parsed(unit, lines) if self.chosen.keeps(line))

    def count(self) -> Counts:
        """How much each service said, and how bad it was."""
        lines: Counter[str] = Counter()
        bad: Counter[tuple[str, str]] = Counter()
        for unit in self.units:
            for line in self._parsed(unit, self.stack.runtime.lines(unit)):
                if self.chosen.keeps(line):
                    lines[line.service] += 1
                    bad[line.service, line.level] += 1
        counts = [
            Count(service=name, errors=bad[name, "error"], warnings=bad[name, "warn"], lines=number)
            for name, number in lines.items()
        ]
        return Counts(services=tuple(sorted(counts, key=lambda count: (-count.errors, -count.lines))))

    def _parsed(self, program: str, lines: Iterable[str]) -> Iterator[Line]:
        stamp: re.Match[str] | None = None
        names = {spec.name for spec in self.stack.runtime.specs}
        for text in lines:
            stamp = _TIME.match(text) or stamp
            # Most of a large log is passed by here, so no more is done with it than must be.
            if not self.chosen.mentions(text):
                continue
            line = parse(text, program=program, servers=names, before=_moment(stamp) if stamp else None)
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
