"""`nself scale auto SERVICE`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.config.change import target
from nself.cli.output import Line

if TYPE_CHECKING:
    from nself.actions.scale.auto import Configured


@verb(short_help="Between what a service is scaled.", result="nself.actions.scale.auto:Configured", hidden=True)
@click.argument("service")
@click.option("--min", "least", type=click.IntRange(1, 100), metavar="N", help="Never fewer replicas; 2.")
@click.option("--max", "most", type=click.IntRange(1, 100), metavar="N", help="Never more replicas; 10.")
@click.option(
    "--cpu-threshold",
    type=click.IntRange(1, 100),
    metavar="PERCENT",
    help="What each is to use of its CPU limit, on average; 70.",
)
@click.option("--disable", is_flag=True, help="Scale it by hand again; its replicas stay as many as there are.")
@pass_app
def command(
    app: App, service: str, least: int | None, most: int | None, cpu_threshold: int | None, disable: bool
) -> None:
    """Write between what a service is scaled by load. `nself scale auto run` then keeps it so.

    \b
    Examples:
      nself scale auto web --min 2 --max 6 --cpu-threshold 60
      nself scale auto web --disable
    """
    from nself.actions.scale import auto

    limits = auto.Limits(min=least, max=most, cpu_threshold=cpu_threshold)
    if disable and limits != auto.Limits():
        raise click.UsageError("--disable takes no numbers")
    place = target(app, {})
    app.output.result(auto.disable(place, service) if disable else auto.enable(place, service, limits), human)


def human(done: Configured) -> Iterator[Line]:
    rule = done.autoscale
    if rule is None:
        yield f"✓ {done.service} is scaled by hand: nself scale out|in {done.service}"
        return
    yield f"✓ {done.service}: {rule.min} to {rule.max} replicas, each at {rule.cpu_threshold} % of its CPU"
    if done.changed:
        yield f"  written to {', '.join(done.files)}"
    yield "next: nself scale auto run"
