"""`nself config …` as a person and a script meet it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import jsonschema
import pytest

from nself.cli import main, shapes
from nself.cli.commands.config import command

Ran = tuple[int, str, str]


@pytest.fixture
def root(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    run(capsys, tmp_path, "init", "--name", "shop")
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], folder: Path, *argv: str) -> Ran:
    code = main.run(["-C", str(folder), *argv], {})
    captured = capsys.readouterr()
    return code, captured.out, captured.err


CASES = {
    "show": ["show"],
    "get": ["get", "BASE_DOMAIN"],
    "list": ["list"],
    "explain": ["explain", "JWT_KEY"],
    "validate": ["validate"],
    "diff": ["diff", "prod"],
    "export": ["export"],
    "set": ["set", "TZ", "Asia/Tokyo"],
    "secrets generate": ["secrets", "generate"],
    "secrets validate": ["secrets", "validate"],
}


def verbs(group: click.Group, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, found in group.commands.items():
        if isinstance(found, click.Group):
            yield from verbs(found, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", found


def test_every_verb_has_an_example_and_says_what_it_does() -> None:
    for name, found in verbs(command):
        assert found.short_help, name
        assert "Example" in (found.help or ""), name
        assert f"nself config {name}" in (found.help or ""), name


@pytest.mark.parametrize("name", CASES)
def test_the_json_has_its_documented_shape(root: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    code, out, err = run(capsys, root, "config", *CASES[name], "--json")
    assert (code, err) == (0, "")
    result = getattr(dict(verbs(command))[name], "result", "")
    jsonschema.validate(json.loads(out), shapes.of_result(result))


@pytest.mark.parametrize("name", CASES)
def test_no_verb_shows_a_secret_by_itself(root: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    _, secret, _ = run(capsys, root, "config", "get", "JWT_KEY", "--reveal")
    assert len(secret.strip()) == 64
    for flags in ([], ["--json"]):
        _, out, err = run(capsys, root, "config", *CASES[name], *flags)
        assert secret.strip() not in out + err


def test_the_shapes_of_the_specification(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def keys(*argv: str) -> set[str]:
        return set(json.loads(run(capsys, root, "config", *argv, "--json")[1]))

    assert keys("get", "ENV") == {"key", "value", "found", "source"}
    assert keys("show") >= {"env", "file", "config"}
    assert keys("list") == {"keys"}
    assert keys("validate") == {"valid", "errors", "warnings"}
    assert keys("diff", "prod") >= {"only_a", "only_b", "changed"}


def test_an_unknown_key_exits_3_and_names_the_nearest(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, root, "config", "get", "BASE_DOMIAN")
    assert (code, out) == (3, "")
    assert "did you mean BASE_DOMAIN?" in err
    code, out, _ = run(capsys, root, "config", "get", "BASE_DOMIAN", "--json")
    assert json.loads(out)["error"]["code"] == code == 3


def test_a_project_with_mistakes_is_not_valid_and_exits_1(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / ".env.dev").write_text("POSTGRES_PORT=x\nPOSTGRES_PROT=1\n")
    code, out, _ = run(capsys, root, "config", "validate")
    assert code == 1
    assert ".env.dev:1: POSTGRES_PORT: expected a whole number" in out
    assert ".env.dev:2: POSTGRES_PROT: is not a known setting (did you mean POSTGRES_PORT?)" in out
    code, out, _ = run(capsys, root, "config", "validate", "--json")
    assert code == 1
    assert [each["line"] for each in json.loads(out)["errors"]] == [1, 2]


def test_outside_of_a_project_it_exits_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, tmp_path, "config", "show")
    assert code == 3
    assert "nself init" in err


def test_the_schema_needs_no_project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for flags, has in (([], "POSTGRES_PORT"), (["--nself-yml"], "services")):
        code, out, _ = run(capsys, tmp_path, "config", "schema", *flags)
        assert code == 0
        assert has in json.loads(out)["properties"]


def test_secrets_of_prod_are_shown_after_a_yes_only(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, root, "config", "show", "--reveal", "--env", "prod")
    assert (code, out) == (2, "")
    assert run(capsys, root, "config", "show", "--reveal", "--env", "prod", "--yes")[0] == 0


def test_a_value_may_come_by_stdin(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse\n"))
    assert run(capsys, root, "config", "set", "AUTH_SMTP_PASS", "-")[0] == 0
    assert run(capsys, root, "config", "get", "AUTH_SMTP_PASS", "--reveal")[1] == "correct horse\n"


def test_an_export_goes_to_a_private_file(root: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "out" / "shop.env"
    assert run(capsys, root, "config", "export", "--reveal", "--output", str(file))[0] == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert "JWT_KEY=" in file.read_text()


def test_a_file_is_imported(root: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "old.env").write_text("TZ=Asia/Tokyo\n")
    assert run(capsys, root, "config", "import", str(tmp_path / "old.env"))[0] == 0
    assert run(capsys, root, "config", "get", "TZ")[1] == "Asia/Tokyo\n"
    assert run(capsys, root, "config", "import", str(tmp_path / "missing.env"))[0] == 1


def test_an_editor_needs_a_terminal(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, root, "config", "edit")
    assert code == 2
    assert "terminal" in err


def edited_by(monkeypatch: pytest.MonkeyPatch, *sessions: Callable[[str], str | None], again: bool) -> None:
    """An editor on a terminal: what it saves of the text it is given, session by session."""
    left = iter(sessions)
    monkeypatch.setattr("nself.cli.output.Output.interactive", True)
    monkeypatch.setattr("nself.cli.output.Output.ask", lambda self, question: again)
    monkeypatch.setattr(click, "edit", lambda text, **_: next(left)(text))


def with_a_mistake(text: str) -> str:
    return text + "LOG_LEVEL=loud\n"


def mended(text: str) -> str:
    return text.replace("loud", "debug")


def test_what_the_editor_saves_counts_only_when_it_loads(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (root / ".env").read_text()
    edited_by(monkeypatch, with_a_mistake, again=False)
    assert run(capsys, root, "config", "edit")[0] == 2
    assert (root / ".env").read_text() == before
    edited_by(monkeypatch, with_a_mistake, mended, again=True)
    code, out, err = run(capsys, root, "config", "edit")
    assert (code, out) == (0, ".env is changed\n")
    assert "LOG_LEVEL: expected one of debug, info, warn, error" in err
    assert (root / ".env").read_text() == before + "LOG_LEVEL=debug\n"


def test_an_editor_that_saves_nothing_changes_nothing(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    edited_by(monkeypatch, lambda text: None, again=False)
    assert run(capsys, root, "config", "edit")[1] == "nothing was changed\n"


@pytest.mark.parametrize("shown", [["show"], ["explain", "BASE_DOMAIN"], ["list"], ["diff", "prod"], ["validate"]])
def test_what_a_person_sees_names_the_value(root: Path, capsys: pytest.CaptureFixture[str], shown: list[str]) -> None:
    code, out, err = run(capsys, root, "config", *shown)
    assert (code, err) == (0, "")
    assert {
        "show": "BASE_DOMAIN=localhost",
        "explain": ".env:6",
        "list": "POSTGRES_PORT",
        "diff": "ENV",
        "validate": "✓",
    }[shown[0]] in out


def test_what_a_service_works_out_for_itself_is_shown_beside_the_default(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(["-C", str(tmp_path), "init", "--yes", "--quiet"], {"HOME": str(tmp_path)}) == 0
    capsys.readouterr()
    argv = ["-C", str(tmp_path), "config", "explain", "AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED", "--json"]
    assert main.run(argv, {"HOME": str(tmp_path)}) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["default"], found["source"], found["in_use"]) == ("true", "default", "false")
