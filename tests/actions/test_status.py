from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from nself.actions import status
from nself.actions.status import Memory, Replicas, ServiceStatus, Status, Word
from nself.cli.commands.status import age, table
from nself.errors import UsageError


def service(state: str, health: Word, name: str = "web") -> ServiceStatus:
    return ServiceStatus(
        name=name, category="custom", status=state, health=health, answer="", container_id=None, image=None,
        pid=None, ports=(), uptime=None, cpu=None, memory=None, shares_process_with=(),
        replicas=Replicas(wanted=1, running=int(state == "running"), healthy=int(health == "healthy")),
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


@pytest.mark.parametrize("text", ["plenty", "", "-1G", "0", "nan", "infG"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a size"):
        status.size(text)


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "-"), (0, "0s"), (59, "59s"), (61, "1m 1s"), (7200, "2h 0m"), (90061, "1d 1h")]
)
def test_ages_show_their_two_largest_units(seconds: int | None, text: str) -> None:
    assert age(seconds) == text


@pytest.mark.parametrize(
    ("states", "status_", "health"),
    [
        ([("running", "healthy"), ("running", "healthy")], "running", "healthy"),
        ([("running", "healthy"), ("running", "unhealthy")], "running", "unhealthy"),
        ([("running", "healthy"), ("stopped", "stopped")], "running", "unhealthy"),
        ([("stopped", "stopped"), ("stopped", "stopped")], "stopped", "stopped"),
        ([("starting", "starting"), ("running", "healthy")], "running", "starting"),
    ],
)
def test_replicas_are_one_service_as_well_as_the_worst_of_them(
    states: list[tuple[str, Word]], status_: str, health: Word
) -> None:
    copies = [service(state, word, name) for (state, word), name in zip(states, ("web", "web.2"), strict=True)]
    web, other = status.together([*copies, service("running", "healthy", "web-2")])
    assert (web.name, web.status, web.health, other.name) == ("web", status_, health, "web-2")
    assert (web.replicas.wanted, [each.name for each in web.instances]) == (2, ["web", "web.2"])
    assert (other.replicas.wanted, other.instances) == (1, ())


def test_replicas_use_what_they_use_together() -> None:
    used = Memory(used=100, limit=200, percent=50.0)
    copies = [replace(service("running", "healthy", name), memory=used) for name in ("web", "web.2")]
    (web,) = status.together(copies)
    assert web.memory == Memory(used=200, limit=400, percent=50.0)


def test_what_uses_more_than_it_is_meant_to_is_named_where_nothing_holds_it_back() -> None:
    mb = 1024**2
    fat, lean = (Memory(used=used * mb, limit=256 * mb, percent=used / 2.56) for used in (300, 100))
    services = [
        replace(service("running", "healthy", name), memory=used) for name, used in (("web", fat), ("api", lean))
    ]
    shared = replace(service("running", "healthy", "auth"), memory=fat, shares_process_with=("storage",))

    def said(runtime: str) -> list[str]:
        looked = replace(found(*services, shared), runtime=runtime)
        lines = [line for line in table(looked, detailed=False, ports=False, resources=True) if isinstance(line, str)]
        return [line for line in lines if "enforced" in line]

    assert said("native") == ["web: uses 300 MB of memory and is meant to use 256 MB, which is not enforced natively"]
    assert said("compose") == []
