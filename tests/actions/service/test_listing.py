"""Every service there is, with what is known of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from nself.actions import status as statuses
from nself.actions.service import listing as services
from nself.actions.service.listing import Listed, Services
from nself.errors import DockerError, UsageError
from nself.events import Event, Warned, ignore
from nself.host import LocalHost
from tests.actions.places import written


def listed(root: Path, **values: str) -> dict[str, Listed]:
    project = written(root, values)
    return {each.name: each for each in services.services(project, LocalHost(), {}, ignore).services}


def test_a_service_that_is_off_is_listed_and_nobody_asks_it(tmp_path: Path) -> None:
    found = listed(tmp_path, STORAGE_ENABLED="false")
    assert (found["storage"].enabled, found["storage"].health, found["storage"].url) == (False, None, None)
    assert (found["auth"].enabled, found["auth"].running, found["auth"].health) == (True, False, "stopped")
    assert (found["auth"].url or "").startswith("https://auth.localhost:")


def test_services_of_the_users_own_come_last(tmp_path: Path) -> None:
    (tmp_path / "services" / "web").mkdir(parents=True)
    found = listed(tmp_path, CS_1="web:custom:8001:web", CS_1_COMMAND="sleep 1")
    assert list(found)[-1] == "web"
    assert found["web"].enabled


def test_without_docker_the_list_is_there_and_what_runs_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: object) -> None:
        raise DockerError("the daemon does not answer", fixes=["start it"])

    monkeypatch.setattr(statuses, "status", down)
    said: list[Event] = []
    found = services.services(written(tmp_path), LocalHost(), {}, said.append).services
    assert {each.health for each in found if each.enabled} == {"unknown"}
    assert said == [Warned("what runs is not known: the daemon does not answer", fix="start it")]


def test_people_may_use_the_names_they_know() -> None:
    assert services.find("email").name == "mail"
    assert services.find("hasura").name == "graphql"
    with pytest.raises(UsageError) as raised:
        services.find("storag")
    assert raised.value.fixes[0] == "did you mean storage?"


def entry(name: str, *, enabled: bool = True, running: bool = True, health: str | None = "healthy") -> Listed:
    return Listed(name=name, enabled=enabled, running=running, health=health, url=None, description="")


def test_one_service_is_shown_even_when_it_is_off() -> None:
    found = Services(services=(entry("mail", enabled=False, running=False, health=None), entry("auth")))
    assert [each.name for each in services.enabled(found, None).services] == ["auth"]
    assert [each.name for each in services.enabled(found, "email").services] == ["mail"]


@pytest.mark.parametrize(
    ("shown", "code"),
    [
        ([entry("auth"), entry("mail")], 0),
        ([entry("auth"), entry("mail", health="unhealthy")], 1),
        ([entry("auth"), entry("mail", running=False, health="stopped")], 1),
        ([entry("auth", running=False, health="stopped")], 4),
        ([], 4),
    ],
)
def test_the_exit_code_says_how_much_is_well(shown: list[Listed], code: int) -> None:
    assert services.exit_code(Services(services=tuple(shown))) == code


def test_a_service_of_no_replicas_is_not_enabled(tmp_path: Path) -> None:
    (tmp_path / "services" / "web").mkdir(parents=True)
    found = listed(tmp_path, CS_1="web:custom:8001:web", CS_1_COMMAND="sleep 1", CS_1_REPLICAS="0")
    assert not found["web"].enabled
