from __future__ import annotations

from pathlib import Path

from nself.runtimes.native import tail
from nself.runtimes.native.tail import Follower


def test_rotated_files_come_before_the_current_one(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    for name, text in (("a.log.2", "1\n"), ("a.log.1", "2\n"), ("a.log", "3\n4\n")):
        (tmp_path / name).write_text(text)

    assert list(tail.lines(log)) == ["1", "2", "3", "4"]
    assert list(tail.lines(tmp_path / "none.log")) == []


def test_a_follower_sees_whole_lines_from_now_on(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("before\n")
    follower = Follower(log)
    with log.open("a") as file:
        file.write("one\ntw")
        file.flush()
        assert follower.new_lines() == ["one"]
        file.write("o\n")
        file.flush()
        assert follower.new_lines() == ["two"]
        assert follower.new_lines() == []


def test_a_rotation_loses_and_doubles_nothing(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("")
    follower = Follower(log)
    with log.open("a") as file:
        file.write("last of the old\n")
    log.rename(tmp_path / "a.log.1")
    log.write_text("first of the new\n")

    assert follower.new_lines() == ["last of the old", "first of the new"]
    assert follower.new_lines() == []


def test_a_log_that_appears_later_is_followed_from_its_start(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    follower = Follower(log)
    assert follower.new_lines() == []

    log.write_bytes("caf\xe9\n".encode("latin-1"))

    assert follower.new_lines() == ["caf\N{REPLACEMENT CHARACTER}"]
