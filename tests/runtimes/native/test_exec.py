"""The door to the user's commands: variables from a file, a folder, and then the command itself."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nself.runtimes.native.exec import expanded
from nself.settings import to_file

TELL = "import json, os, sys; print(json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]))"

OBEY = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
print("up", flush=True)
time.sleep(60)
"""


def argv(env_file: Path, *command: str, folder: Path | None = None) -> list[str]:
    where = ["--chdir", str(folder)] if folder else []
    return [sys.executable, "-m", "nself.runtimes.native.exec", *where, str(env_file), "--", *command]


def variables(folder: Path, **pairs: str) -> Path:
    path = folder / "web.env"
    path.write_text("# a comment\n" + to_file(pairs))
    return path


def test_the_command_gets_its_variables_its_folder_and_its_words(tmp_path: Path) -> None:
    env_file = variables(tmp_path, PORT="8001", GREETING='grüß "dich"\n')
    command = argv(env_file, sys.executable, "-c", TELL, "--port", "$PORT", "a b", "${PORT}0", folder=tmp_path)
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=90)
    words, folder, environ = json.loads(ran.stdout)
    assert words == ["--port", "8001", "a b", "80010"]
    assert folder == str(tmp_path)
    assert environ["GREETING"] == 'grüß "dich"\n'


def test_words_of_our_own_mean_what_they_say(tmp_path: Path) -> None:
    env_file = variables(tmp_path, HOME="/elsewhere")
    wrapper = [sys.executable, "-m", "nself.runtimes.native.exec", str(env_file), "--as-is", "--"]
    command = [*wrapper, sys.executable, "-c", TELL, "/srv/$HOME/x", "--"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=90)
    words, _, environ = json.loads(ran.stdout)
    assert words == ["/srv/$HOME/x", "--"]
    assert environ["HOME"] == "/elsewhere"


def test_signals_reach_the_command_because_nothing_stands_before_it(tmp_path: Path) -> None:
    process = subprocess.Popen(argv(variables(tmp_path), sys.executable, "-c", OBEY), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(60) == 7
    process.stdout.close()


@pytest.mark.parametrize("command", ["no-such-program-anywhere", "/etc/passwd"])
def test_a_command_that_cannot_be_run_says_so_in_one_line(tmp_path: Path, command: str) -> None:
    ran = subprocess.run(argv(variables(tmp_path), command), capture_output=True, text=True, check=False, timeout=90)
    assert ran.returncode in (126, 127)
    assert ran.stderr.startswith(f"{command} ")
    assert ran.stderr.count("\n") == 1


def test_a_folder_that_is_missing_says_so(tmp_path: Path) -> None:
    command = argv(variables(tmp_path), sys.executable, folder=tmp_path / "missing")
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=90)
    assert ran.returncode == 127
    assert str(tmp_path / "missing") in ran.stderr


@pytest.mark.parametrize(
    ("word", "expected"),
    [("$PORT", "1"), ("a${PORT}b", "a1b"), ("$OTHER", "$OTHER"), ("$$", "$$"), ("$1", "$1"), ("${PORT", "${PORT")],
)
def test_variables_that_are_not_set_stay_as_written(word: str, expected: str) -> None:
    assert expanded(word, {"PORT": "1"}) == expected
