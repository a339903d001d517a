"""`nself service cache …`: what is in Redis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, group, pass_app, verb
from nself.cli.output import Line, Table

if TYPE_CHECKING:
    from nself.actions.service.cache import Flushed, Keys, Stats

SHOWN = 100


@group(short_help="Look into Redis and make room in it.")
def command() -> None:
    """What is in the project's Redis, or Valkey.

    \b
    Examples:
      nself service cache stats
      nself service cache keys --pattern 'session:*'
      nself service cache flush --pattern 'session:*'
    """


@verb(short_help="Memory, keys, hits and misses.", result="nself.actions.service.cache:Stats")
@pass_app
def stats(app: App) -> None:
    """Show how much Redis holds and how well it serves.

    \b
    Example:
      nself service cache stats --json
    """
    from nself.actions.service import cache

    def human(found: Stats) -> Iterator[Line]:
        asked = found.hits + found.misses
        rate = f" ({100 * found.hits / asked:.1f} % of what was asked for)" if asked else ""
        yield f"{found.keys} keys in {found.memory_bytes / 1e6:.1f} MB, {found.clients} clients"
        yield f"{found.hits} hits{rate}, {found.misses} misses, {found.evicted} evicted"

    app.output.result(cache.stats(app.project, app.host, app.environ), human)


@verb(short_help="List keys.", result="nself.actions.service.cache:Keys")
@click.option(
    "--pattern", default="*", show_default=True, metavar="GLOB", help="Keys like this: session:*, user:[0-9]*."
)
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=SHOWN, show_default=True, metavar="N", help="At most so many."
)
@pass_app
def keys(app: App, pattern: str, limit: int) -> None:
    """List keys with their type and what is left of their time, without holding up anybody who uses Redis.

    \b
    Example:
      nself service cache keys --pattern 'session:*' --limit 20
    """
    from nself.actions.service import cache

    def human(found: Keys) -> Iterator[Line]:
        if not found.keys:
            yield f"no key is like {found.pattern}"
            return
        rows = [(key.name, str(key.database), key.type, _life(key.ttl_ms)) for key in found.keys]
        yield Table(("KEY", "DATABASE", "TYPE", "EXPIRES IN"), rows)
        if found.more:
            yield f"only the first {len(found.keys)}; more with --limit"

    app.output.result(cache.keys(app.project, app.host, app.environ, pattern, limit=limit), human)


@verb(short_help="Remove keys; refused in production.", result="nself.actions.service.cache:Flushed")
@click.option("--pattern", metavar="GLOB", help="Only keys like this; all of them when not given.")
@pass_app
def flush(app: App, pattern: str | None) -> None:
    """Remove all keys of all databases, or those that match a pattern. Asks first; refused in production.

    \b
    Examples:
      nself service cache flush --pattern 'session:*'
      nself service cache flush --yes
    """
    from nself.actions.guard import refuse_in_production
    from nself.actions.service import cache

    cache.refuse_missing(app.project)
    refuse_in_production(app.project, "removing keys from its cache")
    what = f"All keys like {pattern}" if pattern else "All keys, queues and counters"
    app.confirm("Remove them?", consequence=f"{what} of {app.project.name} will be lost.")

    def human(done: Flushed) -> Iterator[Line]:
        yield f"✓ removed {done.removed} keys"

    app.output.result(cache.flush(app.project, app.host, app.environ, app.emit, pattern), human)


def _life(ttl_ms: int | None) -> str:
    if ttl_ms is None:
        return "never"
    seconds = ttl_ms // 1000
    return f"{seconds // 3600} h {seconds % 3600 // 60} min" if seconds >= 3600 else f"{seconds} s"


for each in (stats, keys, flush):
    command.add_command(each)
