"""`nself frontend …` as it is typed: exit codes, what is printed, and the documented --json."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from nself.cli import shapes
from nself.cli.main import run
from tests.actions.places import home, written

Typed = Callable[..., tuple[int, str, str]]
ROOM = "nself.actions.frontends"
SHAPES = {
    ("add", "shop", "--port", "5173", "--path", "web"): (0, f"{ROOM}.change:Added"),
    ("list",): (0, f"{ROOM}.listing:Frontends"),
    ("status",): (1, f"{ROOM}.check:Checked"),
    ("env", "shop"): (0, f"{ROOM}.variables:Variables"),
    ("remove", "shop"): (0, f"{ROOM}.change:Removed"),
}


@pytest.fixture
def nself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Typed:
    """`nself(*words)`: `nself frontend …` in a project: (exit code, stdout, stderr)."""
    written(tmp_path)

    def type_in(*words: str) -> tuple[int, str, str]:
        code = run(["-C", str(tmp_path), "frontend", *words], home(tmp_path))
        return code, *capsys.readouterr()

    return type_in


def test_every_json_has_its_documented_shape(nself: Typed) -> None:
    for words, (expected, shape) in SHAPES.items():
        code, out, err = nself(*words, "--json")
        assert (code, err) == (expected, ""), (words, out)
        jsonschema.validate(json.loads(out), shapes.of_result(shape))


def test_a_project_without_any_is_told_how_to_add_one(nself: Typed) -> None:
    assert nself("list")[1] == "no frontends yet: nself frontend add NAME --port 5173\n"
    assert nself("status")[0] == 0


def test_a_frontend_whose_proxy_does_not_run_is_stopped(nself: Typed) -> None:
    nself("add", "shop", "--port", "5173")
    code, out, _ = nself("status", "shop")
    assert code == 1
    assert "✗ stopped" in out
    assert out.endswith("next: nself start\n")


def test_env_is_an_env_file_and_says_elsewhere_what_it_did_not_know(nself: Typed) -> None:
    nself("add", "shop")
    _, out, err = nself("env", "shop")
    assert all(line.split("=")[1].startswith(("https://", "wss://")) for line in out.splitlines())
    assert "of-a-test" not in out
    assert "the names are plain; --framework chooses" in err


@pytest.mark.parametrize("words", [("status", "shpo"), ("env", "shpo"), ("logs", "shpo"), ("remove", "shpo")])
def test_a_name_that_is_nearly_right_is_put_right(nself: Typed, words: tuple[str, ...]) -> None:
    nself("add", "shop")
    code, _, err = nself(*words)
    assert code == 2
    assert "did you mean shop?" in err
