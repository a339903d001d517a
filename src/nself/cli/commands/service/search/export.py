"""`nself service search export`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.service.search._place import place


@verb(short_help="Write an index's documents as JSON lines.")
@click.argument("index")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="There, not to stdout.")
@pass_app
def command(app: App, index: str, output: Path | None) -> None:
    """Every document of INDEX, a line of JSON each: what an engine elsewhere would have to be given.

    \b
    Example:
      nself service search export articles --output articles.ndjson
    """
    from nself.actions.search import documents as search

    if output is None:
        search.export(place(app), index, lambda document: app.output.text(_line(document)))
        return
    lines: list[str] = []
    count = search.export(place(app), index, lambda document: lines.append(_line(document)))
    app.host.write(output, "".join(f"{line}\n" for line in lines))
    if not app.output.json:
        app.output.text(f"✓ wrote {count} documents to {output}")


def _line(document: Mapping[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False)
