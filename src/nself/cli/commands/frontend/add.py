"""`nself frontend add`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.config.change import target
from nself.cli.output import Line, Styled

if TYPE_CHECKING:
    from nself.actions.frontends.change import Added


@verb(short_help="Give a web app a host.", result="nself.actions.frontends.change:Added")
@click.argument("name")
@click.option("--port", type=click.IntRange(1, 65535), metavar="PORT", help="Port of its development server.")
@click.option("--path", metavar="FOLDER", help="Folder of its source, below the project.")
@click.option("--dist", metavar="FOLDER", help="Folder of its built files, below --path; found when left out.")
@click.option("--route", metavar="HOST", help="Public host: a label below the project's domain; NAME when left out.")
@click.option("--framework", metavar="NAME", help="nextjs, react, vue, svelte, nuxt, astro, …")
@pass_app
def command(
    app: App,
    name: str,
    port: int | None,
    path: str | None,
    dist: str | None,
    route: str | None,
    framework: str | None,
) -> None:
    """Write a frontend into nself.yml; comments stay. With --port requests go in dev to the server you run there;
    without, and in staging and prod, the proxy serves what was built.

    \b
    Examples:
      nself frontend add shop --port 5173 --path web --framework vue
      nself frontend add docs --path site --route www
    """
    from nself.actions.frontends import change

    wish = change.Wish(name=name, port=port, route=route, framework=framework, path=path, dist=dist)
    app.output.result(change.add(target(app, {}), wish), human)


def human(done: Added) -> Iterator[Line]:
    found = done.frontend
    what = "added to" if done.added else "is already in"
    yield Styled(f"✓ {found.name} {what} {done.file}: {found.url}", "green")
    yield f"  requests go to {found.target}" if found.serves == "server" else f"  the proxy serves {found.target}"
    if done.added:
        yield f"next: nself start, nself frontend env {found.name}"
    else:
        yield f"next: nself frontend status {found.name}"
