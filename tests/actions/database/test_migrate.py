"""A project's migrations: created, listed, applied, and what a person is told when one fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from nself.actions.database import migrate
from nself.errors import ConfigError, DatabaseError, UsageError
from nself.fake_host import FakeHost
from nself.model.project import Environment, Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    migrate.folder(Project(root=tmp_path, name="p", env=Environment.DEV, base_domain="localhost")).mkdir(parents=True)
    return Project(root=tmp_path, name="p", env=Environment.DEV, base_domain="localhost")


def write(project: Project, version: int, name: str, sql: str) -> Path:
    file = migrate.folder(project) / f"{version}_{name}.up.sql"
    file.write_text(sql)
    return file


def test_pending_becomes_applied(project: Project, dsn: str) -> None:
    write(project, 1, "notes", "CREATE TABLE notes (id int)")
    write(project, 2, "rows", "INSERT INTO notes VALUES (1)")
    assert [entry.name for entry in migrate.status(project, dsn).pending] == ["notes", "rows"]
    done = migrate.up(project, dsn, limit=1)
    assert ([entry.name for entry in done.applied], done.failed, done.remaining) == (["notes"], None, 1)
    assert migrate.up(project, dsn).remaining == 0
    assert [entry.name for entry in migrate.status(project, dsn).applied] == ["notes", "rows"]


def test_a_dry_run_changes_nothing(project: Project, dsn: str) -> None:
    write(project, 1, "notes", "CREATE TABLE notes (id int)")
    assert migrate.up(project, dsn, dry_run=True).remaining == 1
    assert migrate.status(project, dsn).applied == ()


def test_a_failure_is_told_with_its_file_and_line(project: Project, dsn: str) -> None:
    write(project, 1, "notes", "CREATE TABLE notes (id int)")
    write(project, 2, "broken", "SELECT 1;\nSELECT * FROM nothing")
    result = migrate.up(project, dsn)
    assert result.failed is not None
    assert (result.failed.name, result.failed.line, result.remaining) == ("broken", 2, 1)
    assert 'relation "nothing" does not exist' in result.failed.error


def test_a_file_changed_after_it_was_applied_stops_the_next_run(project: Project, dsn: str) -> None:
    file = write(project, 1, "notes", "CREATE TABLE notes (id int)")
    migrate.up(project, dsn)
    file.write_text("CREATE TABLE notes (id bigint)")
    assert [entry.name for entry in migrate.status(project, dsn).drifted] == ["notes"]
    with pytest.raises(ConfigError, match="1_notes"):
        migrate.up(project, dsn)


def test_a_file_that_is_gone_is_reported(project: Project, dsn: str) -> None:
    file = write(project, 1, "notes", "CREATE TABLE notes (id int)")
    migrate.up(project, dsn)
    file.unlink()
    assert [entry.name for entry in migrate.status(project, dsn).missing] == ["notes"]


def test_a_database_that_is_not_there_is_a_clear_error(project: Project) -> None:
    with pytest.raises(DatabaseError, match="cannot reach PostgreSQL") as caught:
        migrate.status(project, "postgresql://nobody:secret@127.0.0.1:1/none")
    assert "secret" not in str(caught.value)


def test_a_new_migration_is_named_by_time_and_slug(project: Project) -> None:
    host = FakeHost()
    made = migrate.create(project, "Add notes & tags!", host)
    assert made.version == 20231114221320
    assert [file.name for file in made.files] == [f"{made.version}_add_notes_tags{way}.sql" for way in (".up", ".down")]
    with pytest.raises(ConfigError, match="already there"):
        migrate.create(project, "add notes tags", host)
    with pytest.raises(UsageError):
        migrate.create(project, "../..", host)
