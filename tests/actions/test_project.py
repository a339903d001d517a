"""Finding and reading a project on a real disk, with everything a disk can hold under a file's name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nself.actions import project
from nself.errors import ConfigError, ConfigProblemsError
from nself.host import LocalHost
from nself.model.layout import INIT_JOURNAL
from nself.model.project import Environment

ENV = f"PROJECT_NAME=shop\nPOSTGRES_PASSWORD={'p' * 32}\nJWT_KEY={'j' * 64}\nHASURA_GRAPHQL_ADMIN_SECRET={'a' * 48}\n"


@contextmanager
def as_ordinary_user() -> Iterator[None]:
    """Root reads everything: for the time of a test, be somebody else."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "my shop é"
    folder.mkdir()
    (folder / ".env").write_text(ENV)
    return folder


def problem(root: Path) -> str:
    with pytest.raises(ConfigProblemsError) as caught:
        project.load(root, {})
    assert len(caught.value.problems) >= 1
    return str(caught.value.problems[0])


def test_a_project_loads_from_any_folder_below_it(root: Path) -> None:
    below = root / "functions" / "deep"
    below.mkdir(parents=True)
    found = project.load(below, {"ENV": "staging"})
    assert (found.root, found.name, found.env) == (root.resolve(), "shop", Environment.STAGING)


def test_a_document_alone_makes_a_project(tmp_path: Path) -> None:
    (tmp_path / "nself.yml").write_text("project: {name: shop}\n")
    assert project.find(tmp_path, LocalHost()) == tmp_path


def test_an_env_file_without_a_name_makes_none(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=1\n# PROJECT_NAME=x\n")
    with pytest.raises(ConfigError) as caught:
        project.find(tmp_path, LocalHost())
    assert caught.value.fixes[0] == "nself init"


def test_a_half_made_project_says_how_to_go_on(root: Path) -> None:
    (root / INIT_JOURNAL).write_text("{}")
    with pytest.raises(ConfigError, match="half-made"):
        project.load(root, {})


def test_overrides_and_the_environment_asked_for_come_last(root: Path) -> None:
    found = project.load(root, {"LOG_LEVEL": "warn"}, env="prod", overrides=[("LOG_LEVEL", "debug")])
    assert found.env is Environment.PROD
    assert found.values["LOG_LEVEL"].text == "debug"


def test_a_folder_instead_of_a_file_is_reported(root: Path) -> None:
    (root / ".env.dev").mkdir()
    assert problem(root) == ".env.dev: cannot be read: Is a directory"


def test_a_pipe_instead_of_a_file_is_reported_and_not_waited_for(root: Path) -> None:
    os.mkfifo(root / ".env.local")
    assert "not a regular file" in problem(root)


def test_a_file_that_is_not_text_is_reported_with_its_line(root: Path) -> None:
    (root / ".env.dev").write_bytes(b"A=1\nB=\xff\xfe\n")
    assert "not UTF-8 text (line 2)" in problem(root)


def test_a_huge_file_is_not_read(root: Path) -> None:
    with (root / "nself.yml").open("wb") as file:
        file.truncate(10 * project.LARGEST_FILE)
    assert "larger than 1048576 bytes" in problem(root)


@pytest.mark.parametrize("target", [".env.dev", "nowhere"])
def test_a_link_that_leads_nowhere_is_reported(root: Path, target: str) -> None:
    (root / ".env.dev").symlink_to(target)
    assert problem(root).startswith(".env.dev: cannot be read: ")


def test_a_link_to_a_file_is_followed(root: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("LOG_LEVEL=debug")
    (root / ".env.dev").symlink_to(tmp_path / "elsewhere")
    assert project.load(root, {}).values["LOG_LEVEL"].text == "debug"


def test_a_file_that_may_not_be_read_is_reported(root: Path) -> None:
    for folder in (root, *root.parents):
        if folder.stat().st_uid == os.getuid() and len(folder.parts) > 2:
            folder.chmod(0o755)
    (root / ".env").chmod(0)
    with as_ordinary_user():
        assert "permission denied" in problem(root)


def test_secrets_that_everyone_can_read_are_a_warning(root: Path) -> None:
    (root / ".env").chmod(0o644)
    assert [str(warning) for warning in project.load(root, {}).warnings] == [
        ".env: holds secrets, and every user here can read it (chmod 600 .env)"
    ]
    (root / ".env").chmod(0o600)
    assert project.load(root, {}).warnings == ()


def test_folders_above_that_may_not_be_looked_into_hold_no_project(root: Path) -> None:
    closed = root / "closed"
    inner = closed / "inner"
    inner.mkdir(parents=True)
    closed.chmod(0)
    with as_ordinary_user(), pytest.raises(ConfigError, match="no nself project"):
        project.find(inner, LocalHost())
    closed.chmod(0o755)


def test_everything_wrong_is_said_in_one_run(root: Path) -> None:
    (root / ".env").write_text("PROJECT_NAME=My Shop\nPOSTGRES_PROT=1\nLOG_LEVEL=loud\nnonsense\nJWT_KEY=short\n")
    (root / "nself.yml").write_text("runtime: dokcer\nsurvices: {}\n")
    with pytest.raises(ConfigProblemsError) as caught:
        project.load(root, {})
    found = {(each.file, each.line, each.path) for each in caught.value.problems}
    assert found == {
        (".env", 1, "PROJECT_NAME"),
        (".env", 2, "POSTGRES_PROT"),
        (".env", 3, "LOG_LEVEL"),
        (".env", 4, ".env"),
        (".env", 5, "JWT_KEY"),
        ("nself.yml", 1, "runtime"),
        ("nself.yml", 2, "survices"),
    }
    assert "did you mean POSTGRES_PORT?" in str(caught.value)
    assert "did you mean services?" in str(caught.value)
