"""`nself service storage upload`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.service.storage.buckets._show import size
from nself.cli.output import Line

if TYPE_CHECKING:
    from nself.actions.objects.transfer import Transferred


@verb(short_help="Send a file to a bucket.", result="nself.actions.objects.transfer:Transferred")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-b", "--bucket", required=True, metavar="NAME", help="The bucket.")
@click.option("--key", metavar="NAME", help="Its name there; the file's own name when not given.")
@pass_app
def command(app: App, file: Path, bucket: str, key: str | None) -> None:
    """Send a file to the object store; one of that name is replaced. The store checks what arrives.

    \b
    Examples:
      nself service storage upload logo.png --bucket public
      nself service storage upload backup.tar --bucket private --key backups/monday.tar
    """
    from nself.actions.objects import transfer as action

    place = action.Place(bucket=bucket, key=key or file.name)
    app.output.result(action.upload(app.project, app.host, app.environ, app.emit, file, place), human)


def human(done: Transferred) -> Iterator[Line]:
    yield f"✓ {done.file} is {done.bucket}/{done.key} now: {size(done.size_bytes)} in {done.duration_ms} ms"
