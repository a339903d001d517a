"""What a health check says."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Literal

from nself.records import dataclass

Word = Literal["healthy", "running", "starting", "unhealthy", "stopped", "not_found"]
WELL: Collection[Word] = frozenset({"healthy", "running"})
HOPEFUL: Collection[Word] = frozenset({"starting", "unhealthy"})
"""What may be another in a moment; who is stopped stays so until somebody starts it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceHealth:
    """`running` is a service without a health check. `not_found` is one that is not enabled, asked for by name."""

    service: str
    status: Word
    details: str
    response_time_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`unhealthy` counts everything that is not well, whatever the reason."""

    timestamp: datetime
    healthy: int
    unhealthy: int
    total: int
    services: tuple[ServiceHealth, ...]


def report(services: tuple[ServiceHealth, ...], timestamp: datetime) -> Report:
    well = sum(each.status in WELL for each in services)
    return Report(
        timestamp=timestamp, healthy=well, unhealthy=len(services) - well, total=len(services), services=services
    )
