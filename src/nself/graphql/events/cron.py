"""Cron expressions of five fields, in UTC: `*/15 9-17 * * MON-FRI`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final

from nself.records import dataclass

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LONGEST: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
"""Days of each month at most."""
_SHORTHANDS: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_HORIZON_DAYS: Final = 366 * 41
"""The longest wait of any expression: a 29 February on a given weekday, across a century without a leap year."""


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    first: int
    last: int
    names: tuple[str, ...] = ()


_MINUTE = _Field("minute", 0, 59)
_HOUR = _Field("hour", 0, 23)
_DAY = _Field("day of month", 1, 31)
_MONTH = _Field("month", 1, 12, _MONTHS)
_WEEKDAY = _Field("day of week", 0, 7, _DAYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """When an expression matches. Days of the week count from 0, Sunday.

    If day of month and day of week are both restricted, a day that matches either will do, as cron has it.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool

    @property
    def comes(self) -> bool:
        """Whether there is such a day at all: a 31 February never comes."""
        return self.either_day or any(day <= _LONGEST[month - 1] for month in self.months for day in self.days)

    def after(self, moment: dt.datetime) -> Iterator[dt.datetime]:
        """The moments it matches after `moment`, which must be in UTC; few or none if the days never come."""
        start = moment.replace(second=0, microsecond=0) + dt.timedelta(minutes=1)
        day, end = start.date(), start.date() + dt.timedelta(days=_HORIZON_DAYS)
        while day < end:
            if self._on(day):
                for time in self._times(start.time() if day == start.date() else dt.time()):
                    yield dt.datetime.combine(day, time, dt.UTC)
                    end = day + dt.timedelta(days=_HORIZON_DAYS)
            day += dt.timedelta(days=1)

    def _on(self, day: dt.date) -> bool:
        if day.month not in self.months:
            return False
        by_date, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return by_date or by_weekday if self.either_day else by_date and by_weekday

    def _times(self, first: dt.time) -> Iterator[dt.time]:
        for hour in self.hours:
            for minute in self.minutes:
                if (hour, minute) >= (first.hour, first.minute):
                    yield dt.time(hour, minute)


def parsed(text: str) -> Cron:
    """ValueError says which part is wrong."""
    fields = _SHORTHANDS.get(text.strip().lower(), text).split()
    if len(fields) != 5:
        raise ValueError(f"expected 5 fields (minute hour day month weekday), found {len(fields)}")
    minutes, hours, days, months, weekdays = (
        _values(part, field)
        for part, field in zip(fields, (_MINUTE, _HOUR, _DAY, _MONTH, _WEEKDAY), strict=True)
    )  # fmt: skip
    return Cron(
        minutes=tuple(sorted(minutes)),
        hours=tuple(sorted(hours)),
        days=days,
        months=months,
        weekdays=frozenset(day % 7 for day in weekdays),
        either_day=not fields[2].startswith("*") and not fields[4].startswith("*"),
    )


def _values(text: str, field: _Field) -> frozenset[int]:
    return frozenset(value for part in text.split(",") for value in _range(part, field))


def _range(part: str, field: _Field) -> range:
    """`*`, `5`, `5-9`, each with a `/step`; `5/10` goes on to the end."""
    base, stepped, step = part.partition("/")
    first, ranged, last = base.partition("-")
    if base == "*":
        low, high = field.first, field.last
    elif ranged:
        low, high = _number(first, field), _number(last, field)
    else:
        low = _number(first, field)
        high = field.last if stepped else low
    if stepped and (not _is_number(step) or int(step) == 0):
        raise ValueError(f"{field.name}: {step!r} is no step")
    if low > high:
        raise ValueError(f"{field.name}: the range {base} is empty")
    return range(low, high + 1, int(step) if stepped else 1)


def _number(text: str, field: _Field) -> int:
    if text.lower() in field.names:
        return field.names.index(text.lower()) + field.first
    if not _is_number(text) or not field.first <= int(text) <= field.last:
        raise ValueError(f"{field.name}: {text!r} is not between {field.first} and {field.last}")
    return int(text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 4
