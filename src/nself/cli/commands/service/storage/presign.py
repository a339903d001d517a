"""`nself service storage presign`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line

if TYPE_CHECKING:
    from nself.actions.objects.transfer import Presigned


@verb(short_help="A URL that opens one object without keys.", result="nself.actions.objects.transfer:Presigned")
@click.argument("key")
@click.option("-b", "--bucket", required=True, metavar="NAME", help="The bucket.")
@click.option("--expires", type=click.IntRange(1, 604_800), default=3600, show_default=True, metavar="SECONDS")
@click.option("--method", type=click.Choice(["GET", "PUT"], case_sensitive=False), default="GET", show_default=True)
@pass_app
def command(app: App, key: str, bucket: str, expires: int, method: Literal["GET", "PUT"]) -> None:
    """Make a URL that lets whoever has it read one object, or with --method PUT write it, for a while.
    Its host is that of S3_ROUTE; without one it works on this machine only.

    \b
    Examples:
      nself service storage presign report.pdf --bucket private
      nself service storage presign incoming.zip --bucket uploads --method PUT --expires 600
    """
    from nself.actions.objects import transfer as action

    place = action.Place(bucket=bucket, key=key)
    app.output.result(action.presign(app.project, app.host, app.environ, place, life_s=expires, method=method), human)


def human(found: Presigned) -> Iterator[Line]:
    yield found.url
