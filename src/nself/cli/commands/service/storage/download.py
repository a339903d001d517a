"""`nself service storage download`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.service.storage.buckets._show import size
from nself.cli.output import Line

if TYPE_CHECKING:
    from nself.actions.objects.transfer import Transferred


@verb(short_help="Fetch an object into a file.", result="nself.actions.objects.transfer:Transferred")
@click.argument("key")
@click.option("-b", "--bucket", required=True, metavar="NAME", help="The bucket.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="The file; the object's name.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@pass_app
def command(app: App, key: str, bucket: str, output: Path | None, force: bool) -> None:
    """Fetch an object. The file has its name only once it is whole.

    \b
    Examples:
      nself service storage download logo.png --bucket public
      nself service storage download backups/monday.tar --bucket private --output restored.tar
    """
    from nself.actions.objects import transfer as action

    into = output or Path(PurePosixPath(key).name)
    place = action.Place(bucket=bucket, key=key)
    done = action.download(app.project, app.host, app.environ, app.emit, place, into, replace=force)
    app.output.result(done, human)


def human(done: Transferred) -> Iterator[Line]:
    yield f"✓ {done.bucket}/{done.key} is in {done.file}: {size(done.size_bytes)} in {done.duration_ms} ms"
