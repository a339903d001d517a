"""How buckets are shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from nself.cli.output import Line, Table

if TYPE_CHECKING:
    from nself.actions.objects.buckets import BucketInfo

HEADINGS = ("BUCKET", "POLICY", "OBJECTS", "SIZE", "CREATED")
UNITS = ("B", "KB", "MB", "GB", "TB")


def table(found: Iterable[BucketInfo]) -> Table:
    rows = [
        (each.name, each.policy, str(each.objects), size(each.size_bytes), f"{each.created:%Y-%m-%d %H:%M}")
        if each.created
        else (each.name, each.policy, str(each.objects), size(each.size_bytes), "-")
        for each in found
    ]
    return Table(HEADINGS, rows)


def one(found: BucketInfo) -> Iterator[Line]:
    yield table([found])


def size(number: float) -> str:
    """`1.5 MB`: three digits are enough for people."""
    for unit in UNITS:
        if number < 1000 or unit == UNITS[-1]:
            break
        number /= 1000
    return f"{number:.3g} {unit}"
