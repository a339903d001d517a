"""Switching a service writes one line, the right one, or says why not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from nself.actions import project as projects
from nself.actions.config.change import Target
from nself.actions.service import switch as service_switch
from nself.actions.service.switch import Switched
from nself.errors import ConfigProblemsError, UsageError
from nself.host import LocalHost
from nself.model.spec import Category
from nself.services.catalogue import catalogue
from tests.actions.places import written


def switch(root: Path, word: str, *, on: bool, environ: Mapping[str, str] | None = None) -> Switched:
    return service_switch.switch(Target(directory=root, environ=environ or {}, host=LocalHost()), word, on=on)


def test_the_line_that_says_it_now_is_changed_and_every_other_byte_stays(tmp_path: Path) -> None:
    written(tmp_path)
    env = tmp_path / ".env"
    env.write_text(env.read_text() + "# files\nSTORAGE_ENABLED=true  # for now\n")
    lines = env.read_text().splitlines()

    done = switch(tmp_path, "storage", on=False)

    assert (done.changed, done.key, done.file, done.line) == (True, "STORAGE_ENABLED", ".env", len(lines))
    assert env.read_text().splitlines() == [*lines[:-1], "STORAGE_ENABLED=false  # for now"]
    assert switch(tmp_path, "storage", on=True).line == len(lines)
    assert env.read_text().splitlines() == lines


def test_a_service_that_is_so_already_changes_nothing(tmp_path: Path) -> None:
    written(tmp_path)
    before = (tmp_path / ".env").read_bytes()
    done = switch(tmp_path, "functions", on=True)
    assert (done.changed, done.file, done.line) == (False, None, None)
    assert (tmp_path / ".env").read_bytes() == before


OPTIONAL = sorted(
    name for name, service in catalogue().items() if service.switch and service.category is not Category.REQUIRED
)


@pytest.mark.parametrize("name", OPTIONAL)
def test_every_optional_service_can_be_switched_on_and_off(tmp_path: Path, name: str) -> None:
    project = written(tmp_path)
    service = catalogue()[name]
    began = service.wanted(project)
    for on in (not began, began):
        assert switch(tmp_path, name, on=on).changed
        assert service.wanted(projects.load(tmp_path, {})) is on


def test_secrets_that_a_service_cannot_start_without_are_made(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    written(tmp_path)
    env.write_text("".join(line for line in env.read_text().splitlines(keepends=True) if "REDIS_PASSWORD" not in line))

    done = switch(tmp_path, "cache", on=True)

    assert (done.service, done.generated) == ("redis", ("REDIS_PASSWORD",))
    made = projects.load(tmp_path, {}).values["REDIS_PASSWORD"].text
    assert len(made) >= 32
    assert made not in str(done)
    switch(tmp_path, "cache", on=False)
    assert switch(tmp_path, "cache", on=True).generated == ()  # data was made with it


def test_a_required_service_is_not_switched_off_and_the_reason_is_who_needs_it(tmp_path: Path) -> None:
    written(tmp_path)
    with pytest.raises(UsageError, match=r"postgres is a required service: auth, .*cannot run without it"):
        switch(tmp_path, "postgres", on=False)


def test_the_proxy_has_no_switch(tmp_path: Path) -> None:
    written(tmp_path)
    with pytest.raises(UsageError, match="nginx has no switch"):
        switch(tmp_path, "nginx", on=False)


def test_a_service_of_the_users_own_is_switched_in_its_own_lines(tmp_path: Path) -> None:
    written(tmp_path, {"CS_1": "web:custom:8001", "CS_1_COMMAND": "sleep 1"})
    with pytest.raises(UsageError, match="a service of your own"):
        switch(tmp_path, "web", on=False)


def test_a_switch_without_effect_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    written(tmp_path, {"ENV": "prod", "BASE_DOMAIN": "shop.example"})
    before = (tmp_path / ".env").read_bytes()
    with pytest.raises(UsageError, match="MAILPIT_ENABLED=true would not switch mail on in this project"):
        switch(tmp_path, "mail", on=True)
    assert (tmp_path / ".env").read_bytes() == before


def test_a_switch_that_a_stronger_layer_overrules_is_an_error(tmp_path: Path) -> None:
    written(tmp_path)
    with pytest.raises(UsageError, match="says otherwise and wins"):
        switch(tmp_path, "storage", on=False, environ={"STORAGE_ENABLED": "true"})


def test_a_project_that_would_not_load_any_more_is_left_as_it_is(tmp_path: Path) -> None:
    every = ("POSTGRES", "HASURA", "AUTH", "STORAGE", "FUNCTIONS", "MAILPIT")
    written(tmp_path, {f"{name}_ENABLED": "false" for name in every})
    before = (tmp_path / ".env").read_bytes()
    with pytest.raises(ConfigProblemsError, match="DATABASE_URL"):
        switch(tmp_path, "auth", on=True)
    assert (tmp_path / ".env").read_bytes() == before
