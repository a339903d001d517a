from __future__ import annotations

from datetime import UTC, datetime

import pytest

from nself.actions import status
from nself.actions.status import ServiceStatus, Status, Word
from nself.cli.commands.status import age
from nself.errors import UsageError


def service(state: str, health: Word) -> ServiceStatus:
    return ServiceStatus(
        name="web", category="custom", status=state, health=health, answer="", container_id=None, image=None,
        pid=None, ports=(), uptime=None, cpu=None, memory=None, shares_process_with=(),
    )  # fmt: skip


def found(*services: ServiceStatus) -> Status:
    return Status(
        project="shop", environment="dev", runtime="native", timestamp=datetime.now(UTC),
        summary=status.summary(services), services=services,
    )  # fmt: skip


WELL, ILL = service("running", "healthy"), service("running", "unhealthy")
DOWN, FAILED = service("stopped", "stopped"), service("failed", "unhealthy")


@pytest.mark.parametrize(
    ("services", "code"),
    [([WELL, WELL], 0), ([WELL, ILL], 1), ([WELL, DOWN], 1), ([DOWN, DOWN], 4), ([FAILED], 4), ([], 4)],
)
def test_the_exit_code_tells_all_some_or_none(services: list[ServiceStatus], code: int) -> None:
    assert status.exit_code(found(*services)) == code


def test_the_summary_counts_each_state() -> None:
    counted = found(WELL, ILL, DOWN, FAILED).summary

    assert (counted.total, counted.running, counted.healthy, counted.unhealthy, counted.stopped) == (4, 2, 1, 2, 2)


@pytest.mark.parametrize(
    ("text", "size"), [("256M", 256 << 20), ("1G", 1 << 30), ("64MB", 64 << 20), ("0.5Gi", 1 << 29)]
)
def test_sizes_are_read_in_every_usual_form(text: str, size: int) -> None:
    assert status.size(text) == size


def test_what_is_no_size_is_refused() -> None:
    with pytest.raises(UsageError, match="is not a size"):
        status.size("big")


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "-"), (0, "0s"), (59, "59s"), (61, "1m 1s"), (7200, "2h 0m"), (90061, "1d 1h")]
)
def test_ages_show_their_two_largest_units(seconds: int | None, text: str) -> None:
    assert age(seconds) == text
