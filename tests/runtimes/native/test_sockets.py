from __future__ import annotations

import os
from pathlib import Path

import pytest

from nself.errors import PermissionDeniedError
from nself.runtimes.native import sockets


def test_a_short_project_keeps_its_sockets_itself() -> None:
    assert sockets.folder(Path("/srv/shop/.nself/run"), 1000) == Path("/srv/shop/.nself/run")


def test_a_deep_project_gets_a_short_folder_of_its_own() -> None:
    one, two = (Path("/srv") / ("deep" * 30) / name for name in ("one", "two"))

    assert len(os.fsencode(sockets.folder(one, 1000))) <= sockets.LONGEST
    assert sockets.folder(one, 1000) != sockets.folder(two, 1000)
    assert sockets.folder(one, 1000) != sockets.folder(one, 1001)


def test_bytes_count_not_letters() -> None:
    assert sockets.folder(Path("/srv") / ("日" * 30), 1000).is_relative_to("/tmp")


def test_the_folder_is_made_private_and_repaired_when_it_is_not(tmp_path: Path) -> None:
    where = tmp_path / "run"
    sockets.ensure(where, os.geteuid(), os.getegid())
    assert where.stat().st_mode & 0o777 == 0o700

    where.chmod(0o777)
    sockets.ensure(where, os.geteuid(), os.getegid())
    assert where.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("kind", ["link", "file", "stranger's"])
def test_a_squatter_is_refused(tmp_path: Path, kind: str) -> None:
    where, uid = tmp_path / "run", os.geteuid()
    if kind == "link":
        where.symlink_to(tmp_path)
    elif kind == "file":
        where.touch()
    else:
        where.mkdir()
        uid += 1

    with pytest.raises(PermissionDeniedError, match="belongs to someone else"):
        sockets.ensure(where, uid, os.getegid())
