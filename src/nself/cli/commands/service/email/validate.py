"""`nself service email validate`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line, Styled

if TYPE_CHECKING:
    from nself.actions.email.validate import Validated


@verb(
    short_help="Look for mistakes in the mail settings, offline.",
    result="nself.actions.email.validate:Validated",
)
@click.pass_context
@pass_app
def command(app: App, context: click.Context) -> None:
    """Look for what cannot work in the settings of the mail server, without asking it. Exits 3 when there is any.

    \b
    Example:
      nself service email validate && nself service email check
    """
    from nself.actions.email.validate import validate

    found = validate(app.project, app.host, app.environ)
    app.output.result(found, human)
    context.exit(0 if found.valid else 3)


def human(found: Validated) -> Iterator[Line]:
    yield from (Styled(f"✗ {problem}", "red") for problem in found.problems)
    if found.valid:
        yield Styled("✓ the mail settings are complete", "green")
    yield "next: nself service email check" if found.valid else "next: nself service email setup"
