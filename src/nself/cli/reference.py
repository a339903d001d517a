"""The reference page of all commands, printed from the commands themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from inspect import cleandoc

import click

from nself.cli import shapes
from nself.cli.app import GlobalOption
from nself.cli.main import SECTIONS, declaration, root

HEAD = """\
# Commands

Printed from the program by `make docs`; `nself help` shows the same offline.

Every command understands these options, before or after its name:
"""


def commands() -> str:
    """Markdown: global options, then every command by section."""
    context = click.Context(root, info_name="nself")
    lines = [HEAD, *_options(context, [p for p in root.params if isinstance(p, GlobalOption)]), ""]
    names = root.list_commands(context)
    for section in SECTIONS:
        inside = [name for name in names if declaration(name)[0] == section]
        if inside:
            lines += [f"## {section}", ""]
        for name in inside:
            found = root.get_command(context, name)
            assert found is not None
            lines += _command(found, click.Context(found, info_name=name, parent=context), depth=3)
    return "\n".join(lines).rstrip() + "\n"


def _command(command: click.Command, context: click.Context, *, depth: int) -> Iterator[str]:
    usage = " ".join(["nself", *context.command_path.split()[1:], *command.collect_usage_pieces(context)])
    yield f"{'#' * depth} {context.command_path}"
    yield ""
    yield from _prose(command.help or "")
    yield f"```\n{usage}\n```"
    yield ""
    options = [p for p in command.params if isinstance(p, click.Option) and not isinstance(p, GlobalOption)]
    if options:
        yield from _options(context, options)
        yield ""
    result = getattr(command, "result", "")
    if result:
        yield "With `--json`:"
        yield ""
        yield f"```json\n{json.dumps(shapes.example(shapes.of_result(result)), indent=2, ensure_ascii=False)}\n```"
        yield ""
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _command(inner, click.Context(inner, info_name=name, parent=context), depth=min(depth + 1, 4))


def _prose(text: str) -> Iterator[str]:
    """Help text as Markdown: click's verbatim paragraphs (marked by a backspace) become code blocks."""
    for paragraph in cleandoc(text).replace("\f", "").split("\n\n"):
        if paragraph.startswith("\b"):
            title, *examples = paragraph.removeprefix("\b").strip("\n").split("\n")
            yield title + "\n\n```sh\n" + "\n".join(line.removeprefix("  ") for line in examples) + "\n```"
        else:
            yield paragraph
        yield ""


def _options(context: click.Context, options: list[click.Option]) -> Iterator[str]:
    yield "| option | meaning |"
    yield "| --- | --- |"
    for option in options:
        record = option.get_help_record(context)
        if record:
            names, meaning = (" ".join(part.split()).replace("|", "\\|") for part in record)
            yield f"| `{names}` | {meaning} |"
