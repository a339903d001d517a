from __future__ import annotations

from pathlib import Path

from nself.runtimes import digest


def test_a_folder_s_hash_is_of_names_and_contents(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("1")
    before = digest.of_folder(tmp_path)

    (tmp_path / "a.sql").rename(tmp_path / "b.sql")
    renamed = digest.of_folder(tmp_path)
    (tmp_path / "b.sql").write_text("2")

    assert len({before, renamed, digest.of_folder(tmp_path)}) == 3
    assert digest.of_folder(tmp_path / "none") == digest.of_folder(tmp_path / "neither")
