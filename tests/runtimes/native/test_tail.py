from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import pytest

from nself.host import LONGEST_LINE
from nself.runtimes.native import tail
from nself.runtimes.native.tail import Follower


def test_rotated_files_come_before_the_current_one(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    for name, text in (("a.log.2", "1\n"), ("a.log.1", "2\n"), ("a.log", "3\n4\n")):
        (tmp_path / name).write_text(text)

    assert list(tail.lines(log)) == ["1", "2", "3", "4"]
    assert list(tail.lines(tmp_path / "none.log")) == []


@pytest.mark.parametrize(("last", "found"), [(0, ""), (1, "5"), (2, "45"), (3, "345"), (4, "2345"), (99, "12345")])
def test_the_last_lines_are_found_from_the_end_across_rotated_files(tmp_path: Path, last: int, found: str) -> None:
    log = tmp_path / "a.log"
    for name, text in (("a.log.2", "1\n2\n"), ("a.log.1", ""), ("a.log", "3\n4\n5\n")):
        (tmp_path / name).write_text(text)
    assert "".join(tail.lines(log, last=last)) == found


def test_of_a_large_log_only_its_end_is_read(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    with log.open("wb") as file:
        file.truncate(4 * 1024**3)  # a hole: read whole, it would be one line of 4 GB
        file.seek(0, os.SEEK_END)
        file.write("\nlast but one, né\nlast, without an end".encode())
    tracemalloc.start()
    assert list(tail.lines(log, last=2)) == ["last but one, né", "last, without an end"]
    assert tracemalloc.get_traced_memory()[1] < 8 * 1024**2
    tracemalloc.stop()


def test_a_line_without_an_end_is_cut(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("x" * (LONGEST_LINE + 1) + "\nnext\n")
    assert [len(line) for line in tail.lines(log)] == [LONGEST_LINE, 1, 4]
    follower = Follower(log)
    with log.open("a") as file:
        file.write("y" * (LONGEST_LINE + 1))
    lines = [line for _ in range(3) for line in follower.new_lines()]
    assert [len(line) for line in lines] == [LONGEST_LINE + 1]


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
