"""The door to the machine: atomic writes, explained refusals, a lock a crash cannot wedge."""

from __future__ import annotations

import multiprocessing
import os
import signal
import stat
import sys
import time
from pathlib import Path

import pytest

from nself.errors import NselfError, PermissionDeniedError, ProgramMissingError, TimedOutError
from nself.fake_host import FakeHost
from nself.host import LocalHost, Ran, _explained


def test_a_written_file_has_its_mode_and_leaves_no_neighbour(tmp_path: Path) -> None:
    LocalHost().write(tmp_path / "deep" / "secret", "text", mode=0o600)
    assert stat.S_IMODE((tmp_path / "deep" / "secret").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["secret"]


def test_a_failed_write_keeps_the_old_text(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        LocalHost().write(target, "new \ud800")
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_missing_program_and_a_slow_one_are_our_errors() -> None:
    with pytest.raises(ProgramMissingError, match="no-such-program is not installed"):
        LocalHost().run(["no-such-program"])
    with pytest.raises(TimedOutError):
        LocalHost().run([sys.executable, "-c", "import time; time.sleep(30)"], timeout_s=0.2)


def test_running_captures_both_streams_and_the_code() -> None:
    ran = LocalHost().run([sys.executable, "-c", "import sys; print(input()); sys.exit(3)"], stdin="hello")
    assert (ran.exit_code, ran.stdout.strip(), ran.ok) == (3, "hello", False)


def _hold(path: Path) -> None:
    with LocalHost().lock(path, wait_s=1, holder="nself start"):
        time.sleep(60)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"x" * 11, "larger than 10 bytes"), (b"a\nb\xff", r"not UTF-8 text \(line 2\)"), (None, "not a regular file")],
)
def test_only_text_of_a_regular_file_is_read(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "file"
    if content is None:
        os.mkfifo(path)
    else:
        path.write_bytes(content)
    with pytest.raises(NselfError, match=said):
        LocalHost().read(path, limit=10)


def test_a_held_folder_is_free_again_afterwards(tmp_path: Path) -> None:
    host = LocalHost()
    with host.hold(tmp_path), pytest.raises(TimedOutError, match="another nself command"), host.hold(tmp_path):
        pass
    with host.hold(tmp_path):
        assert list(tmp_path.iterdir()) == []


def test_the_lock_names_its_holder_and_goes_with_it(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    holder = multiprocessing.get_context("spawn").Process(target=_hold, args=(lock,))
    holder.start()
    deadline = time.monotonic() + 90
    while not (lock.exists() and lock.read_text()) and time.monotonic() < deadline:
        time.sleep(0.02)
    with (
        pytest.raises(TimedOutError, match=f"nself start .pid {holder.pid}"),
        LocalHost().lock(lock, wait_s=0.1, holder="x"),
    ):
        pass
    assert holder.pid is not None
    os.kill(holder.pid, signal.SIGKILL)
    holder.join()
    with LocalHost().lock(lock, wait_s=1, holder="nself stop"):
        assert "nself stop" in lock.read_text()


@pytest.mark.parametrize("host", [LocalHost(), FakeHost()], ids=["local", "fake"])
def test_the_fake_behaves_like_the_real_one(host: LocalHost | FakeHost, tmp_path: Path) -> None:
    file = tmp_path / "folder" / "file.txt"
    with pytest.raises((NselfError, PermissionDeniedError)):
        host.read(file)
    host.write(file, "text")
    assert host.read(file) == "text"
    assert host.exists(file.parent)
    assert host.glob(tmp_path / "folder", "*.txt") == [file]
    host.remove(file.parent)
    assert not host.exists(file)
    host.remove(file.parent)


def test_the_fake_answers_from_its_script() -> None:
    host = FakeHost(answers={("git", "status"): Ran(("git",), 1, "", "dirty")})
    assert host.run(["git", "status", "-s"]).exit_code == 1
    assert host.run(["git", "log"]).ok
    assert host.ran == [("git", "status", "-s"), ("git", "log")]


def test_lines_of_a_program_are_handed_over_as_they_come(tmp_path: Path) -> None:
    (tmp_path / "given").write_text("from a file\n")
    lines: list[str] = []
    script = "cat; echo out; echo err >&2; printf 'no end'; exit 3"
    exit_code = LocalHost().follow(["sh", "-c", script], on_line=lines.append, stdin=tmp_path / "given")
    assert (exit_code, lines) == (3, ["from a file", "out", "err", "no end"])


def test_a_program_that_is_followed_ends_with_its_follower() -> None:
    pids: list[int] = []

    def on_line(line: str) -> None:
        pids.append(int(line))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        LocalHost().follow(["sh", "-c", "echo $$; exec sleep 60"], on_line=on_line)
    assert not LocalHost().alive(pids[0])


def test_a_program_that_is_not_there_cannot_be_followed() -> None:
    with pytest.raises(ProgramMissingError, match="nself-none is not installed"):
        LocalHost().follow(["nself-none"], on_line=print)


def test_a_refusal_names_the_nearest_folder_that_is_there(tmp_path: Path) -> None:
    with pytest.raises(PermissionDeniedError) as refused, _explained(tmp_path / "a" / "b" / "file", "written"):
        raise PermissionError
    assert refused.value.fixes == (f"check who owns it: ls -ld {tmp_path}",)
