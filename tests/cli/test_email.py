"""The mail account as it is typed in: shapes, exit codes, and the password on no command line."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from nself.cli import shapes
from nself.cli.main import run
from tests.actions.places import home, written
from tests.cli.terminal import typed_in

Typed = Callable[..., tuple[int, str, str]]
ROOM = "nself.actions.email"
POSTMARK = ("configure", "postmark", "--user", "token", "--sender", "shop@example.com", "--no-check")
SHAPES = {
    (*POSTMARK, "--password-stdin"): (0, f"{ROOM}.configure:Configured"),
    ("validate",): (0, f"{ROOM}.validate:Validated"),
    ("detect",): (0, f"{ROOM}.detect:Detected"),
    ("docs", "postmark"): (0, f"{ROOM}.providers:Providers"),
    ("list",): (0, f"{ROOM}.providers:Providers"),
    ("config",): (0, f"{ROOM}.configuration:Configuration"),
    ("disable",): (0, "nself.actions.service.switch:Switched"),
}


@pytest.fixture
def nself(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Typed:
    """`nself(*words)`: `nself service email …` with a password on standard input: (exit code, stdout, stderr)."""
    written(tmp_path)

    def type_in(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO("a password of a test\n"))
        code = run(["-C", str(tmp_path), "service", "email", *words], home(tmp_path))
        return code, *capsys.readouterr()

    return type_in


def test_every_json_has_its_documented_shape_and_no_password(nself: Typed, tmp_path: Path) -> None:
    for words, (expected, shape) in SHAPES.items():
        code, out, err = nself(*words, "--json")
        assert (code, err) == (expected, ""), (words, out)
        jsonschema.validate(json.loads(out), shapes.of_result(shape))
        assert "a password of a test" not in out
    assert "AUTH_SMTP_PASS='a password of a test'\n" in (tmp_path / ".env").read_text()


def test_without_a_terminal_a_missing_password_is_an_error_with_the_way(nself: Typed) -> None:
    code, _, err = nself(*POSTMARK)
    assert code == 2
    assert "--password-stdin" in err


def test_the_questions_need_a_terminal(nself: Typed) -> None:
    code, _, err = nself("setup")
    assert code == 2
    assert "nself service email configure PROVIDER --user NAME --password-stdin" in err


def test_mistakes_in_the_settings_end_with_the_code_of_the_configuration(nself: Typed, tmp_path: Path) -> None:
    written(tmp_path, {"AUTH_SMTP_HOST": "smtp.example.com", "AUTH_SMTP_USER": "shop"})
    code, out, _ = nself("validate")
    assert code == 3
    assert "✗ AUTH_SMTP_USER is set, AUTH_SMTP_PASS is not" in out


def test_every_provider_says_where_its_credentials_are(nself: Typed) -> None:
    _, out, _ = nself("docs", "--json")
    assert all(each["steps"] for each in json.loads(out)["providers"])
    assert nself("docs", "sendgird")[0] == 2


def test_on_a_terminal_each_thing_is_asked_and_the_password_is_not_shown(tmp_path: Path) -> None:
    written(tmp_path)
    code, shown = typed_in(
        [sys.executable, "-c", "from nself.cli.main import main; main()", "service", "email", "setup"],
        tmp_path,
        ("Provider", "custom"),
        ("Mail server", "127.0.0.1"),
        ("Port [587]", "9"),
        ("User", "shop"),
        ("Password", "a password of a test"),
        ("Sender", "shop@example.com"),
        ("Write it all the same? [y/N]", "y"),
    )
    assert code == 0, shown
    assert "tcp: " in shown
    assert "a password of a test" not in shown
    assert "AUTH_SMTP_PASS='a password of a test'" in (tmp_path / ".env").read_text()
