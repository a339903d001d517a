"""The root command: what a person sees when they ask for help, mistype, or want JSON."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import click
import pytest

from nself import __version__
from nself.cli import main


def run(capsys: pytest.CaptureFixture[str], *argv: str, **environ: str) -> tuple[int, str, str]:
    code = main.run(list(argv), environ)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_help_lists_commands_under_their_sections(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--help")
    assert code == 0
    assert "Core lifecycle" in out or "Utility" in out
    assert "version" in out


@pytest.mark.parametrize("name", main.root.list_commands(click.Context(main.root)))
def test_a_command_says_what_the_list_of_commands_read_from_its_file(name: str) -> None:
    found = main.root.get_command(click.Context(main.root), name)
    assert found is not None
    assert main.declaration(name) == (getattr(found, "section", ""), found.short_help)


def test_no_words_at_all_is_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys)[1] == run(capsys, "--help")[1]


@pytest.mark.parametrize("flag", ["-v", "version"])
def test_the_version_is_printed(capsys: pytest.CaptureFixture[str], flag: str) -> None:
    code, out, _ = run(capsys, flag)
    assert code == 0
    assert __version__ in out


def test_global_options_stand_before_or_after_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    before, after = run(capsys, "--json", "version")[1], run(capsys, "version", "--json")[1]
    assert json.loads(before) == json.loads(after)
    assert json.loads(after)["version"] == __version__


def test_a_mistyped_command_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "verson")
    assert (code, out) == (2, "")
    assert "there is no command `verson`" in err
    assert "nself version" in err


@pytest.mark.parametrize(
    ("words", "said", "fix"),
    [
        (("service", "emial"), "`nself service emial`", "nself service email"),
        (("service", "mlflow", "runz"), "`nself service mlflow runz`", "nself service mlflow runs"),
        (("health", "nonsense"), "`nself health nonsense`", "nself help health"),
    ],
)
def test_a_mistyped_sub_command_names_the_nearest(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str, fix: str
) -> None:
    code, out, err = run(capsys, *words)
    assert (code, out) == (2, "")
    assert f"there is no command {said}" in err
    assert f"  1. {fix}\n" in err


@pytest.mark.parametrize("group", ["service", "service email", "migrate", "scale"])
def test_a_group_alone_shows_its_commands_and_is_a_mistake(capsys: pytest.CaptureFixture[str], group: str) -> None:
    code, out, err = run(capsys, *group.split())
    assert (code, out) == (2, "")
    assert err.startswith(f"Usage: nself {group} [OPTIONS] ")
    assert "\nCommands:\n" in err
    code, out, err = run(capsys, *group.split(), "--json")
    assert (code, err) == (2, "")
    assert json.loads(out)["error"]["fixes"] == [f"nself {group} --help"]


def test_what_would_be_lost_is_said_without_a_terminal_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert run(capsys, "init", "-C", str(tmp_path), "--name", "shop", "--yes")[0] == 0
    code, _, err = run(capsys, "stop", "-C", str(tmp_path), "--volumes")
    assert code == 2
    assert "error: All data of shop will be lost. Delete it? There is no terminal to ask on." in err


def test_choices_are_said_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    _, _, err = run(capsys, "migrate", "runtime")
    assert err.startswith("error: Missing argument '{native|compose}'. Choose from: native, compose\n")


def test_a_usage_error_is_json_when_json_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "version", "--no-such-option", "--json")
    body = json.loads(out)
    assert (code, err) == (2, "")
    assert (body["ok"], body["error"]["code"], body["error"]["kind"]) == (False, 2, "usage")
    assert body["error"]["fixes"] == ["nself version --help"]


def test_help_of_a_command_is_the_same_by_both_ways(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "help", "version")[1].strip() == run(capsys, "version", "--help")[1].strip()


@pytest.mark.parametrize(("old", "new"), main.ALIASES.items())
def test_a_word_of_the_earlier_program_does_what_the_new_one_does_and_says_so_once(
    capsys: pytest.CaptureFixture[str], old: str, new: str
) -> None:
    code, out, err = run(capsys, old, "--help")
    assert (code, out) == run(capsys, *new.split(), "--help")[:2]
    assert err.count(f"`nself {old}` is now `nself {new}`") == 1


@pytest.mark.parametrize("flag", ["--quiet", "--json"])
def test_who_wants_no_words_gets_no_notice_of_an_old_one(capsys: pytest.CaptureFixture[str], flag: str) -> None:
    assert run(capsys, "up", flag, "--no-such-option")[2].count("is now") == 0


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_name_the_program(capsys: pytest.CaptureFixture[str], shell: str) -> None:
    code, out, _ = run(capsys, "completion", shell)
    assert code == 0
    assert "_NSELF_COMPLETE" in out


def test_an_unforeseen_error_is_one_line_and_a_way_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from nself.actions import version

    def broken(*_: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(version, "version", broken)
    code, out, err = run(capsys, "version")
    assert (code, out) == (1, "")
    assert "ZeroDivisionError: oops" in err
    assert "Traceback" not in err


def test_a_question_without_a_terminal_is_an_error_not_a_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    from nself.cli.app import App
    from nself.cli.output import Output
    from nself.errors import UsageError

    monkeypatch.setattr(sys, "stdin", io.StringIO())
    app = App(environ={}, output=Output(err=io.StringIO()))
    with pytest.raises(UsageError, match="no terminal"):
        app.confirm("Delete everything?")
    app.assume_yes = True
    app.confirm("Delete everything?")
