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
