"""`nself frontend env`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line

if TYPE_CHECKING:
    from nself.actions.frontends.variables import Variables


@verb(short_help="The variables its build needs.", result="nself.actions.frontends.variables:Variables")
@click.argument("name")
@click.option("--framework", metavar="NAME", help="Instead of the one nself.yml or its package.json shows.")
@pass_app
def command(app: App, name: str, framework: str | None) -> None:
    """Print the public URLs of the stack's APIs as lines of an env file, under names that the frontend's framework
    hands to the browser: NEXT_PUBLIC_, VITE_, NUXT_PUBLIC_, PUBLIC_, REACT_APP_. No secret is among them.

    \b
    Examples:
      nself frontend env shop > web/.env.local
      nself frontend env shop --env prod > web/.env.production
    """
    from nself.actions.frontends.variables import variables

    found = variables(app.project, app.host, app.environ, name, framework)
    if not found.prefix and not app.output.json:
        what = f"no prefix is known for {found.framework}" if found.framework else "its framework is not known"
        app.output.warn(f"{what}: the names are plain; --framework chooses")
    app.output.result(found, human)


def human(found: Variables) -> Iterator[Line]:
    yield from (f"{name}={url}" for name, url in found.variables.items())
