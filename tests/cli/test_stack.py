"""build, urls, ssl and trust as they are typed: exit codes, what is printed, and the documented --json."""

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

SHAPES = {
    ("build", "--dry-run", "--diff"): "nself.actions.build:Built",
    ("build",): "nself.actions.build:Built",
    ("build", "--check"): "nself.actions.build:Built",
    ("urls",): "nself.actions.urls:Urls",
    ("urls", "--all"): "nself.actions.urls:Urls",
    ("ssl", "bootstrap"): "nself.actions.tls.certificate:Certificates",
    ("ssl", "status"): "nself.actions.tls.certificate:Certificates",
    ("ssl", "renew"): "nself.actions.tls.certificate:Renewed",
    ("trust", "status"): "nself.actions.tls.trust:Trusted",
}


@pytest.fixture
def nself(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Typed:
    """`nself(*words)` in a project: (exit code, stdout, stderr)."""
    written(tmp_path)

    def type_in(*words: str) -> tuple[int, str, str]:
        code = run(["-C", str(tmp_path), *words], home(tmp_path))
        return code, *capsys.readouterr()

    return type_in


def test_every_json_has_its_documented_shape(nself: Typed) -> None:
    for words, shape in SHAPES.items():
        code, out, err = nself(*words, "--json")
        assert (code, err) == (0, ""), (words, out, err)
        jsonschema.validate(json.loads(out), shapes.of_result(shape))


def test_urls_carry_a_name_a_url_and_an_internal_url(nself: Typed) -> None:
    _, out, _ = nself("urls", "--json")
    for entry in json.loads(out)["urls"]:
        assert entry["name"]
        assert entry["url"].startswith("https://")
        assert entry["internal_url"].startswith("http://127.0.0.1:")


def test_check_before_a_build_is_a_configuration_error(nself: Typed) -> None:
    code, out, _ = nself("build", "--check", "--json")
    assert code == 3
    assert json.loads(out)["error"]["fixes"][0] == "nself build"


def test_a_build_says_what_it_wrote_and_what_comes_next(nself: Typed) -> None:
    _, out, _ = nself("build")
    assert "  + supervisord.conf\n" in out
    assert "next: nself start" in out
    _, out, _ = nself("build")
    assert "nothing to do: the build is up to date" in out


def test_an_unknown_part_is_answered_with_those_there_are(nself: Typed) -> None:
    code, _, err = nself("build", "--only", "nginx,kubernetes")
    assert code == 2
    assert "the parts are supervisor, compose, nginx, env, services, ssl" in err


def test_plain_urls_are_for_scripts(nself: Typed) -> None:
    _, out, _ = nself("urls", "--plain", "--service", "graphql")
    assert out.startswith("https://api.localhost:")
    assert out.count("\n") == 1


def test_markdown_urls_are_a_table(nself: Typed) -> None:
    _, out, _ = nself("urls", "--markdown")
    assert out.startswith("| Service | URL |")


def test_no_command_prints_a_secret(nself: Typed) -> None:
    for words in SHAPES:
        _, out, err = nself(*words)
        assert "of-a-test" not in out + err
