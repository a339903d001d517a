"""What services are given of the project, before a start."""

from __future__ import annotations

from pathlib import Path

import pytest

from nself.errors import ConfigError
from nself.host import LocalHost
from nself.model.spec import Category, Mount, ServiceSpec
from nself.runtimes import mounting


def service(name: str, path: str, *, read_only: bool = False) -> ServiceSpec:
    mount = Mount(path=path, target="/files", read_only=read_only)
    return ServiceSpec(name=name, category=Category.CUSTOM, mounts=(mount,))


def test_what_is_missing_is_made_for_the_first_that_writes_to_it(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    web, worker = service("web", "new"), service("worker", "new")
    found = mounting.missing(tmp_path, [service("api", "there"), web, worker], LocalHost())
    assert found == {tmp_path / "new": web}


def test_a_file_or_folder_that_is_only_read_has_to_be_there(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").touch()
    assert mounting.missing(tmp_path, [service("web", "settings.toml", read_only=True)], LocalHost()) == {}
    with pytest.raises(ConfigError, match="which web reads, is not there"):
        mounting.missing(tmp_path, [service("web", "in", read_only=True)], LocalHost())


@pytest.mark.parametrize("to", ["/etc", ".nself", "."])
def test_a_link_out_of_the_project_or_to_its_secrets_ends_the_start(tmp_path: Path, to: str) -> None:
    (tmp_path / ".nself").mkdir()
    (tmp_path / "files").symlink_to(to)
    with pytest.raises(ConfigError, match="leads by a link out of the project or to its secrets"):
        mounting.missing(tmp_path, [service("web", "files")], LocalHost())


@pytest.mark.parametrize(
    ("uid", "gid", "mode", "may"),
    [
        (0, 0, 0o700, True),
        (0, 0, 0o500, False),
        (1, 0, 0o770, True),
        (1, 0, 0o757, False),
        (1, 1, 0o775, False),
        (1, 1, 0o707, True),
        (0, 0, 0o077, False),
    ],
)
def test_an_account_may_write_by_the_first_of_owner_group_and_others(
    tmp_path: Path, uid: int, gid: int, mode: int, may: bool
) -> None:
    """Relative to whose the folder is."""
    (tmp_path / "files").mkdir()
    (tmp_path / "files").chmod(mode)
    mine = (tmp_path / "files").stat()
    spec = service("web", "files")
    told = mounting.refusal(tmp_path, spec, spec.mounts[0], mine.st_uid + uid, mine.st_gid + gid)
    assert (told is None) == may
    assert may or f"sudo chown -R {mine.st_uid + uid} files" in str(told)


def test_what_is_only_read_need_not_be_its_own(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir(mode=0o500)
    spec = service("web", "files", read_only=True)
    assert mounting.refusal(tmp_path, spec, spec.mounts[0], 4321, 4321) is None
