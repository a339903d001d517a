"""`nself service functions create`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.config.change import target
from nself.cli.output import Line

if TYPE_CHECKING:
    from nself.actions.functions.scaffold import Created

KINDS = ("basic", "webhook", "api", "scheduled")


@verb(short_help="Write a new function.", result="nself.actions.functions.scaffold:Created")
@click.argument("name")
@click.argument("template", type=click.Choice(KINDS), default="basic", metavar=f"[{'|'.join(KINDS)}]")
@click.option("--ts", is_flag=True, help="In TypeScript; else in Python.")
@click.option("--schedule", metavar="CRON", help="When a scheduled function is called, in UTC: '0 * * * *'.")
@pass_app
def command(app: App, name: str, template: str, ts: bool, schedule: str | None) -> None:
    """Write a function that works as it is: NAME is its route.

    basic answers a request. webhook and scheduled check the secret NHOST_WEBHOOK_SECRET, which is made when it is
    missing. api asks GraphQL as its caller. scheduled is called by a cron trigger, added to the metadata.

    \b
    Examples:
      nself service functions create greet
      nself service functions create users/active api --ts
      nself service functions create nightly scheduled --schedule '0 3 * * *'
    """
    from nself.actions.functions.scaffold import Kind, Wish, create

    if schedule and template != "scheduled":
        raise click.UsageError("--schedule goes with the template `scheduled`")
    wish = Wish(name=name, kind=Kind(template), typescript=ts, **({"cron": schedule} if schedule else {}))

    def human(made: Created) -> Iterator[Line]:
        yield from told(made)
        yield (
            "next: nself start"
            if template in {"webhook", "scheduled"}
            else f"next: nself service functions invoke {made.name}"
        )

    app.output.result(create(target(app, {}), wish), human)


def told(made: Created) -> Iterator[Line]:
    for file in made.files:
        yield f"✓ wrote {file}"
    if made.generated:
        yield f"✓ made {', '.join(made.generated)}"
