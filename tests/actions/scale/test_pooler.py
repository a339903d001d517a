"""Switching PgBouncer on and setting it up; what a running one says is in tests/e2e/test_pooler.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from nself.actions.config.change import Target
from nself.actions.project import load
from nself.actions.scale import pooler
from nself.errors import ConfigProblemsError, UsageError
from nself.events import Event, Warned, ignore
from nself.host import LocalHost
from tests.services.projects import SECRETS


@pytest.fixture
def target(tmp_path: Path) -> Target:
    lines = [f"{name}={value}" for name, value in {"PROJECT_NAME": "shop", **SECRETS}.items()]
    (tmp_path / ".env").write_text("\n".join([*lines, "# kept", ""]))
    (tmp_path / ".env").chmod(0o600)
    return Target(directory=tmp_path, environ={}, host=LocalHost())


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one pgbouncer on PATH; it only tells its version."""
    program = tmp_path / "bin" / "pgbouncer"
    program.parent.mkdir()
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return program


def version(program: Path, number: str) -> None:
    program.write_text(f"#!/bin/sh\necho PgBouncer {number}\n")
    program.chmod(0o755)


def test_an_old_pgbouncer_is_used_in_the_mode_it_can(target: Target, installed: Path) -> None:
    version(installed, "1.18.0")
    said: list[Event] = []
    done = pooler.enable(target, said.append)
    assert (done.enabled, done.mode, done.changed) == (True, "session", ("POOLER_MODE", "POOLER_ENABLED"))
    assert any(isinstance(event, Warned) and "1.18.0" in str(event) for event in said)
    assert "# kept" in (target.directory / ".env").read_text()


def test_a_new_one_gives_connections_back_after_each_transaction(target: Target, installed: Path) -> None:
    version(installed, "1.21.0")
    done = pooler.enable(target, ignore)
    assert (done.mode, done.pool_size, done.changed) == ("transaction", 60, ("POOLER_ENABLED",))
    assert pooler.enable(target, ignore).changed == ()
    assert pooler.disable(target).enabled is False


def test_a_mode_that_was_chosen_stays(target: Target, installed: Path) -> None:
    version(installed, "1.18.0")
    with (target.directory / ".env").open("a") as file:
        file.write("POOLER_MODE=transaction\n")
    assert pooler.enable(target, ignore).mode == "transaction"


def test_a_pool_that_postgresql_has_no_room_for_is_refused_and_nothing_is_written(target: Target) -> None:
    before = (target.directory / ".env").read_text()
    enabled = {"POOLER_ENABLED": "true", "POOLER_POOL_SIZE": "61"}
    with pytest.raises(ConfigProblemsError, match="set POSTGRES_MAX_CONNECTIONS to 101 or more"):
        pooler.configure(target, enabled)
    with pytest.raises(UsageError, match="nothing to change"):
        pooler.configure(target, {})
    assert (target.directory / ".env").read_text() == before


def test_status_says_that_it_is_off_and_that_it_is_down(target: Target, installed: Path) -> None:
    version(installed, "1.21.0")
    found = pooler.status(load(target.directory, {}), LocalHost(), {})
    assert (found.enabled, found.running) == (False, False)
    pooler.enable(target, ignore)
    found = pooler.status(load(target.directory, {}), LocalHost(), {})
    assert (found.enabled, found.running, found.pools) == (True, False, ())
