"""Templates laid into a project: whole or not at all, never over anything of the user's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from nself.actions import build as builds
from nself.actions.service import templates
from nself.errors import ConfigError, NselfError
from nself.events import ignore
from nself.host import LocalHost
from nself.model import template
from nself.model.project import Project
from tests.actions.places import home, written


@pytest.fixture
def invented(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A template of our own beside none of the product's, with every awkward kind of file."""
    folder = tmp_path / "templates" / "odd"
    (folder / "src").mkdir(parents=True)
    (folder / "template.toml").write_text('language="C"\nframework="none"\nsummary="Odd."\ncommand=["./run"]\n')
    (folder / "src" / "{{SERVICE_NAME}}.conf").write_text(
        "{{SERVICE_NAME}} {{SERVICE_PORT}} {{PORT}} {{PROJECT_NAME}} {{BASE_DOMAIN}} {{ theirs }} {{OTHER}}"
    )
    (folder / ".hidden").write_text("x")
    (folder / "logo.bin").write_bytes(b"\x00{{PORT}}\xff")
    (folder / "run").write_text("#!/bin/sh\n")
    (folder / "run").chmod(0o755)
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "x.pyc").write_bytes(b"\0")
    monkeypatch.setattr(template, "FOLDER", tmp_path / "templates")
    template.names.cache_clear()
    template.get.cache_clear()
    return folder


@pytest.fixture(autouse=True)
def known_again() -> Iterator[None]:
    yield
    template.names.cache_clear()
    template.get.cache_clear()


def project(root: Path, **more: str) -> Project:
    return written(root / "shop", {"CS_1": "api:odd:9100", **more})


def lay(found: Project) -> templates.Scaffolded:
    return templates.scaffold(found, found.custom[0], LocalHost(), ignore)


@pytest.mark.usefixtures("invented")
def test_files_arrive_with_their_placeholders_filled_and_all_else_as_it_was(tmp_path: Path) -> None:
    done = lay(project(tmp_path))
    folder = tmp_path / "shop/services/api"
    assert (done.folder, done.files) == ("services/api", (".hidden", "logo.bin", "run", "src/api.conf"))
    assert (folder / "src/api.conf").read_text() == "api 9100 9100 shop localhost {{ theirs }} {{OTHER}}"
    assert (folder / "logo.bin").read_bytes() == b"\x00{{PORT}}\xff"
    assert (folder / "run").stat().st_mode & 0o777 == 0o755
    assert (folder / ".hidden").stat().st_mode & 0o777 == 0o644
    assert [path.name for path in folder.parent.iterdir()] == ["api"]


@pytest.mark.usefixtures("invented")
@pytest.mark.parametrize("kept", ["main.c", ".git/config"])
def test_a_folder_with_anything_in_it_is_never_written_to(tmp_path: Path, kept: str) -> None:
    found = project(tmp_path)
    mine = tmp_path / "shop/services/api" / kept
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    assert templates.missing(found, LocalHost()) == []
    with pytest.raises(ConfigError, match="is not an empty folder: nothing was written into it"):
        lay(found)
    assert [path for path in (tmp_path / "shop/services").rglob("*") if path.is_file()] == [mine]


@pytest.mark.usefixtures("invented")
def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    found = project(tmp_path)
    (tmp_path / "shop/services/api").mkdir(parents=True)
    assert [service.name for service in templates.missing(found, LocalHost())] == ["api"]
    lay(found)
    assert templates.missing(found, LocalHost()) == []


def test_a_disk_that_fills_up_on_the_way_leaves_nothing(tmp_path: Path, invented: Path) -> None:
    class Full(LocalHost):
        def write(self, path: Path, text: str, *, mode: int = 0o644) -> None:
            if path.name == "api.conf":
                raise NselfError(f"{path} cannot be written: No space left on device")
            super().write(path, text, mode=mode)

    found = project(tmp_path)
    with pytest.raises(NselfError, match="No space left"):
        templates.scaffold(found, found.custom[0], Full(), ignore)
    assert list((tmp_path / "shop/services").iterdir()) == []


@pytest.mark.usefixtures("invented")
def test_what_a_killed_run_left_behind_is_no_obstacle(tmp_path: Path) -> None:
    found = project(tmp_path)
    (tmp_path / "shop/services/.api.new/half").mkdir(parents=True)
    lay(found)
    assert not (tmp_path / "shop/services/api/half").exists()


@pytest.mark.usefixtures("invented")
@pytest.mark.parametrize("workdir", ["../outside", ".", "services/link"])
def test_folders_that_are_not_the_projects_own_are_left_alone(tmp_path: Path, workdir: str) -> None:
    found = project(tmp_path, CS_1_WORKDIR=workdir)
    (tmp_path / "shop/services").mkdir(parents=True, exist_ok=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "shop/services/link").symlink_to(tmp_path / "elsewhere")
    assert templates.missing(found, LocalHost()) == []


@pytest.mark.usefixtures("invented")
def test_a_service_with_an_image_of_its_own_gets_no_files(tmp_path: Path) -> None:
    assert templates.missing(project(tmp_path, CS_1_IMAGE="shop/api:1"), LocalHost()) == []


@pytest.mark.parametrize(("command", "names"), [({}, ["api"]), ({"CS_1_COMMAND": "python3 -m http.server"}, [])])
def test_a_command_of_the_users_own_needs_no_starting_point(
    tmp_path: Path, command: dict[str, str], names: list[str]
) -> None:
    found = written(tmp_path / "shop", {"CS_1": "api:custom", **command})
    assert [service.name for service in templates.missing(found, LocalHost())] == names


@pytest.mark.usefixtures("invented")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_with_root_at_work_the_files_are_the_projects_owners(tmp_path: Path) -> None:
    found = project(tmp_path)
    os.chown(found.root, 65534, 65534)
    lay(found)
    owners = {path.stat().st_uid for path in (found.root / "services").rglob("*")}
    assert owners | {(found.root / "services").stat().st_uid} == {65534}


@pytest.mark.usefixtures("invented")
def test_build_makes_what_is_missing_once_and_says_so(tmp_path: Path) -> None:
    found = project(tmp_path)
    host, environ = LocalHost(), home(tmp_path)
    preview = builds.build(found, host, environ, ignore, builds.Options(preview=True))
    assert preview.scaffolded == ("services/api",)
    assert not (tmp_path / "shop/services").exists()
    assert builds.build(found, host, environ, ignore).scaffolded == ("services/api",)
    (tmp_path / "shop/services/api/run").write_text("mine now")
    assert builds.build(found, host, environ, ignore).scaffolded == ()
    assert (tmp_path / "shop/services/api/run").read_text() == "mine now"


def test_every_template_is_listed_with_what_it_needs() -> None:
    listed = {entry.name: entry for entry in templates.listing().templates}
    assert set(listed) == set(template.names())
    assert (listed["fastapi"].language, listed["fastapi"].needs) == ("Python", ("python3",))
