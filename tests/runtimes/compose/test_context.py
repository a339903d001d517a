"""What a build is given depends on the files' names and contents alone."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest

from nself.errors import NselfError
from nself.runtimes.compose.context import fingerprint, pack


def tree(folder: Path, *, mtime: int = 1) -> Path:
    (folder / "inner").mkdir(parents=True)
    (folder / "run").write_text("#!/bin/sh\n")
    (folder / "run").chmod(0o700)
    (folder / "inner" / "text").write_text("text")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "x.pyc").write_text(str(mtime))
    for path in folder.rglob("*"):
        os.utime(path, (mtime, mtime))
    return folder


def test_the_same_files_give_the_same_bytes_whenever_they_were_written(tmp_path: Path) -> None:
    for name, mtime in (("a", 1), ("b", 1_700_000_000)):
        pack(tmp_path / f"{name}.tar", {"app": tree(tmp_path / name, mtime=mtime)})
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()
    assert fingerprint({"app": tmp_path / "a"}) == fingerprint({"app": tmp_path / "b"})


def test_links_are_followed_and_only_the_right_to_run_is_kept(tmp_path: Path) -> None:
    tree(tmp_path / "app")
    (tmp_path / "link").symlink_to(tmp_path / "app" / "inner" / "text")
    pack(tmp_path / "out.tar", {"app": tmp_path / "app", "given": tmp_path / "link"})
    with tarfile.open(tmp_path / "out.tar") as tar:
        found = {entry.name: (oct(entry.mode), entry.uid, entry.isfile()) for entry in tar}
    plain, program = ("0o644", 0, True), ("0o755", 0, True)
    assert found == {"app/inner/text": plain, "app/run": program, "given": plain}


@pytest.mark.parametrize("change", ["content", "name", "mode"])
def test_a_fingerprint_tells_every_change_that_counts(tmp_path: Path, change: str) -> None:
    app = tree(tmp_path / "app")
    before = fingerprint({"app": app})
    match change:
        case "content":
            (app / "inner" / "text").write_text("texT")
        case "name":
            (app / "inner" / "text").rename(app / "inner" / "texT")
        case "mode":
            (app / "inner" / "text").chmod(0o755)
    assert fingerprint({"app": app}) != before


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    archive = tmp_path / "out.tar"
    archive.symlink_to("/dev/full")
    with pytest.raises(NselfError, match="No space left on device") as caught:
        pack(archive, {"app": tree(tmp_path / "app")})
    assert not archive.is_symlink()
    assert "df -h" in caught.value.fixes[0]
