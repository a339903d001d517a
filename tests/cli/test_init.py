"""`nself init` as a person and a script meet it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from nself.actions import project
from nself.actions.init import Initialised
from nself.cli import main, shapes
from tests.cli.terminal import typed_in

PROGRAM = [sys.executable, "-c", "from nself.cli.main import main; main()"]


def run(capsys: pytest.CaptureFixture[str], folder: Path, *argv: str) -> tuple[int, str, str]:
    code = main.run(["-C", str(folder), *argv], {})
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_without_a_terminal_it_asks_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "my-shop"
    folder.mkdir()
    ended = subprocess.run(
        [*PROGRAM, "init"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "Created my-shop (minimal, dev, *.localhost)" in ended.stdout
    assert "nself start" in ended.stdout
    assert project.load(folder, {}).name == "my-shop"


def test_the_demo_needs_no_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "demo"
    code, out, _ = run(capsys, folder, "init", "--demo", "--yes")
    assert code == 0
    assert "nself.yml" in out
    assert project.load(folder, {}).custom


def test_the_result_has_its_documented_shape(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import jsonschema

    code, out, err = run(capsys, tmp_path, "--json", "init", "--name", "shop", "--domain", "shop.test", "--full")
    assert (code, err) == (0, "")
    found = json.loads(out)
    jsonschema.validate(found, shapes.schema(Initialised))
    assert found.keys() == {"project", "domain", "env", "mode", "runtime", "created", "skipped", "backed_up"}
    assert (found["project"], found["domain"], found["env"], found["mode"]) == ("shop", "shop.test", "dev", "full")
    assert ".env" in found["created"]


def test_the_environment_is_the_one_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, tmp_path, "init", "--name", "shop", "--env", "production")[0] == 0
    assert project.load(tmp_path, {}).env == "prod"
    assert run(capsys, tmp_path / "x", "init", "--name", "shop", "--env", "nowhere")[0] == 2


@pytest.mark.parametrize("more", [[], ["--full"], ["--demo"]], ids=["minimal", "full", "demo"])
def test_the_runtime_asked_for_is_the_one_written_and_its_first_steps_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str]
) -> None:
    for runtime in ("native", "compose"):
        folder = tmp_path / runtime
        code, out, _ = run(capsys, folder, "--runtime", runtime, "init", "--name", "shop", *more)
        assert code == 0
        assert project.load(folder, {}).runtime == runtime
        assert f"runtime: {runtime}\n" in (folder / "nself.yml").read_text()
        assert ("nself build --images" in out) == (runtime == "compose")


def test_a_second_time_exits_3_and_says_how_to_go_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, tmp_path, "init", "--name", "shop")
    code, _, err = run(capsys, tmp_path, "init", "--name", "shop")
    assert code == 3
    assert "--force" in err
    assert run(capsys, tmp_path, "init", "--name", "shop", "--force")[0] == 0


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["--wizard"], 2),
        (["--full", "--demo"], 2),
        (["--name", "My Shop"], 2),
        (["--domain", "a b", "--name", "x"], 2),
        (["--nonsense"], 2),
    ],
)
def test_what_cannot_be_done_exits_2_and_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], argv: list[str], code: int
) -> None:
    assert run(capsys, tmp_path, "init", *argv)[0] == code
    assert list(tmp_path.iterdir()) == []


def test_a_folder_whose_name_cannot_be_a_projects_is_told_one_that_can(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "My Shop é"
    folder.mkdir()
    code, _, err = run(capsys, folder, "init")
    assert code == 2
    assert "nself init --name my-shop" in err


def wizard(folder: Path, *answers: tuple[str, str]) -> tuple[int, str]:
    """Run `nself init` on a terminal: its exit code and all it said."""
    return typed_in([*PROGRAM, "init"], folder, *answers)


def test_on_a_terminal_it_asks(tmp_path: Path) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    code, shown = wizard(
        folder,
        ("Project name [here]:", "Not A Name"),
        ("Project name [here]:", "shop"),
        ("Domain [localhost]:", "shop.test"),
        ("Environment (dev, staging, prod) [dev]:", "staging"),
        ("Contents (minimal, full, demo) [minimal]:", "full"),
        ("Runtime (native, compose) [native]:", "compose"),
        ("Create it? [Y/n]:", "y"),
    )
    assert code == 0, shown
    assert "cannot be a project's name" in shown
    found = project.load(folder, {})
    assert (found.name, found.base_domain, found.env, found.runtime) == ("shop", "shop.test", "staging", "compose")
    assert (folder / ".env.prod").exists()


def test_saying_no_creates_nothing(tmp_path: Path) -> None:
    questions = ("Project name", "Domain", "Environment", "Contents", "Runtime")
    code, shown = wizard(tmp_path, *((question, "") for question in questions), ("Create it? [Y/n]:", "n"))
    assert code == 2, shown
    assert list(tmp_path.iterdir()) == []
