"""A group made of files."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import pytest

from nself.cli import main
from nself.cli.folder import Folder

COMMAND = "import click\n@click.command()\ndef command():\n    click.echo('hello')\n"


@pytest.fixture
def group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    folder = tmp_path / "tools_of_a_test"
    (folder / "inner").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "inner" / "__init__.py").write_text(COMMAND)
    (folder / "say_hello.py").write_text(COMMAND)
    (folder / "_shared.py").write_text("raise AssertionError('nobody asked for this file')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return Folder("tools", package="tools_of_a_test", folder=folder)


def test_files_and_folders_are_commands_and_what_begins_with_an_underscore_is_not(group: Folder) -> None:
    assert group.list_commands(click.Context(group)) == ["inner", "say-hello"]


def test_a_command_is_imported_when_it_is_asked_for(group: Folder) -> None:
    assert "tools_of_a_test.say_hello" not in sys.modules
    found = group.get_command(click.Context(group), "say-hello")
    assert found is not None
    assert "tools_of_a_test.say_hello" in sys.modules


@pytest.mark.parametrize("name", ["_shared", "say_hello", "other", "../tools"])
def test_any_other_word_is_no_command(group: Folder, name: str) -> None:
    assert group.get_command(click.Context(group), name) is None


@pytest.mark.parametrize("words", [("scale", "web", "many"), ("scale", "auto", "web", "--max", "many")])
def test_help_of_a_command_without_a_name_is_where_it_was_typed(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    assert main.run([*words], {}) == 2
    way_out = f"nself {' '.join(words[: words.index('web') + 1])} --help"
    assert f"  1. {way_out}\n" in capsys.readouterr().err
    assert main.run(way_out.split()[1:], {}) == 0
