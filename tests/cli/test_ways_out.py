"""What an error, a note or an example tells the user to run, there is: the command, and each of its options."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from nself.cli.app import Group
from nself.cli.main import root
from nself.errors import UsageError

SRC = Path(__file__).parents[2] / "src/nself"
FILLED_IN = "…"
"""Stands for what a message fills in."""
LATER = {"nself deploy"}
"""Commands of later issues, named as such."""
_COMMAND = re.compile(r"(?:^|`|\n +)(nself [a-z][^`;\n]*)")
_OPTION = re.compile(r"-[a-z]|--[a-z][a-z-]*")


def messages(file: Path) -> Iterator[str]:
    """Texts of a file, without the first line of a module's docstring: that names itself with `…` and `|`."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    own = tree.body[0].value if tree.body and isinstance(tree.body[0], ast.Expr) else None
    seen = {id(own)}
    for node in ast.walk(tree):  # a joined text comes before its parts
        if isinstance(node, ast.JoinedStr):
            seen |= {id(part) for part in node.values}
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else FILLED_IN for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in seen:
            yield node.value


def commands(text: str) -> Iterator[list[str]]:
    """The words of each command that a text names; prose that begins with the product's name is none."""
    for found in _COMMAND.finditer(text):
        words = [word.strip("`.,:;()'") for word in re.split(r" *[,|>&#]+ *| {2,}| in | to ", found[1])[0].split()]
        if words[1] in root.list_commands(click.Context(root)):
            yield words


def mistake(words: list[str]) -> str | None:
    """What of it there is not."""
    command: click.Command = root
    context = click.Context(root, info_name="nself")
    for place, word in enumerate(words[1:], 1):
        if not isinstance(command, Group) or word.startswith("-"):
            break
        if FILLED_IN in word:
            return None
        try:
            at, rest = command.resolve_command(context, words[place:])[1:]
        except UsageError as error:
            return error.message
        assert at is not None
        command, context = at, click.Context(at, parent=context, info_name=word)
        if rest and rest[0] == word:  # a command without a name of its own: `nself scale web 3`
            break
    options = {name for each in command.params for name in each.opts} | {"-h", "--help"}
    unknown = [word for word in words if _OPTION.fullmatch(word) and word not in options]
    return f"{context.command_path} has no {unknown[0]}" if unknown and "exec" not in words else None


def test_every_command_in_a_message_can_be_run() -> None:
    named = {
        " ".join(words): file
        for file in SRC.rglob("*.py")
        if "nself " in file.read_text(encoding="utf-8")
        for text in messages(file)
        for words in commands(text)
    }
    wrong = {line: said for line in sorted(named.keys() - LATER) if (said := mistake(line.split()))}
    assert not wrong, "\n".join(f"{named[line].relative_to(SRC)}: {line}: {said}" for line, said in wrong.items())
    assert len(named) > 300


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("nself clean --logs", "nself clean has no --logs"),
        ("nself db schema", "there is no command `nself db schema`"),
        ("nself scale auto web --mni 2", "nself scale auto web has no --mni"),
    ],
)
def test_one_that_cannot_is_found(command: str, said: str) -> None:
    assert mistake(command.split()) == said
