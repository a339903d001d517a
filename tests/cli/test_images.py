"""build --images and update images as they are typed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from nself.cli import shapes
from nself.cli.main import run
from tests.actions.places import written

Typed = Callable[..., tuple[int, str, str]]


@pytest.fixture
def nself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Typed:
    """`nself(*words)` in a project: (exit code, stdout, stderr)."""
    written(tmp_path, fixed=False)

    def type_in(*words: str) -> tuple[int, str, str]:
        code = run(["-C", str(tmp_path), *words], dict(os.environ))
        return code, *capsys.readouterr()

    return type_in


@pytest.mark.parametrize("words", [("api",), ("--no-cache",), ("--base-image", "debian")])
def test_what_goes_with_images_only_is_refused_without(nself: Typed, words: tuple[str, ...]) -> None:
    code, _, err = nself("build", *words)
    assert code == 2
    assert "nself build --images" in err


def test_what_is_about_files_is_refused_with_images(nself: Typed) -> None:
    code, _, err = nself("build", "--images", "--dry-run", "--check")
    assert code == 2
    assert "--dry-run, --check are about files" in err


def test_images_are_told_with_their_size_and_the_next_step(nself: Typed, server_image: str, debian_image: str) -> None:
    words = ("build", "--images", "server", "--base-image", debian_image)
    code, out, _ = nself(*words)
    assert code == 0
    assert out.startswith(f"{server_image}  ")
    assert out.endswith("next: nself start --runtime compose\n")
    _, out, err = nself(*words, "--json")
    assert err == ""
    jsonschema.validate(json.loads(out), shapes.of_result("nself.actions.images.make:BuildResult"))
    assert json.loads(out)["images"][0]["built"] is False


def test_a_stack_of_our_own_image_has_nothing_to_update(nself: Typed, server_image: str) -> None:
    code, out, _ = nself("update", "images", "--plan")
    assert (code, "nself build --images makes it" in out) == (0, True)
    _, out, _ = nself("update", "images", "--plan", "--json")
    jsonschema.validate(json.loads(out), shapes.of_result("nself.actions.images.updates:Updates"))
    assert json.loads(out) == {"images": [], "pulled": [], "written": []}


def test_a_registry_that_is_away_ends_with_the_exit_code_of_the_network(
    nself: Typed, docker: object, tmp_path: Path
) -> None:
    written(
        tmp_path, {"CS_1": "hello:custom:8001", "CS_1_COMMAND": "x", "CS_1_IMAGE": "127.0.0.1:1/none:1"}, fixed=False
    )
    code, _, err = nself("update", "images", "--plan")
    assert code == 6
    assert "127.0.0.1:1 cannot be reached" in err


def test_an_nself_that_is_a_checkout_says_how_it_is_renewed(nself: Typed) -> None:
    code, out, err = nself("update", "--check", "--json")
    assert (code, err) == (0, "")
    jsonschema.validate(json.loads(out), shapes.of_result("nself.actions.update.renew:Updated"))
    assert json.loads(out)["installed_by"] == "checkout"
    code, _, err = nself("update", "--yes")
    assert code == 3
    assert "  1. git -C " in err


def test_options_of_nself_itself_do_not_go_with_its_images(nself: Typed) -> None:
    assert nself("update", "--check", "images")[0] == 2
