"""`nself update images`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line, Styled, Table

if TYPE_CHECKING:
    from nself.actions.images.updates import Updates


@verb(
    short_help="Pin container images to what their tags stand for now.", result="nself.actions.images.updates:Updates"
)
@click.argument("services", nargs=-1, metavar="[SERVICE]...")
@click.option("--plan", is_flag=True, help="Say what there is; pull and write nothing.")
@pass_app
def command(app: App, services: tuple[str, ...], plan: bool) -> None:
    """Compare the images of other people that this project runs with their registries, pull what is new, and write
    its digests to images.lock, so that every machine runs the same.

    Tags stay as they are: a newer one is shown, and chosen by <SERVICE>_VERSION or <SERVICE>_IMAGE. What cannot be
    known, say of a registry that wants an account, is shown as unknown.

    \b
    Examples:
      nself update images --plan
      nself update images redis
    """
    from nself.actions.images import updates as image_updates

    options = image_updates.Options(only=services, plan=plan)
    found = image_updates.update(app.project, app.host, app.environ, app.emit, options)
    app.output.result(found, lambda updates: _human(updates, plan=plan))


def _human(found: Updates, *, plan: bool) -> Iterator[Line]:
    if not found.images:
        yield "this project runs no image but nself's own: nself build --images makes it"
        return
    rows = [
        (
            state.image,
            ", ".join(state.services),
            state.state.value,
            *(_short(digest) for digest in (state.pinned, state.local, state.registry)),
            ", ".join(state.newer) or "-",
        )
        for state in found.images
    ]
    yield Table(("IMAGE", "SERVICES", "STATE", "PINNED", "HERE", "REGISTRY", "NEWER TAGS"), rows)
    for state in found.images:
        if state.problem:
            yield Styled(f"{state.image}: {state.problem}", "yellow")
    due = [state.image for state in found.images if state.state.value in {"behind", "unpinned"}]
    if plan and due:
        yield f"next: nself update images, to pull and pin {len(due)}"
    elif found.written:
        yield Styled(f"{len(found.written)} pinned in images.lock, {len(found.pulled)} pulled", "green")
        yield "next: nself start --runtime compose"


def _short(digest: str | None) -> str:
    return digest.removeprefix("sha256:")[:12] if digest else "-"
