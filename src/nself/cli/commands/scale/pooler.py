"""`nself scale pooler …`: PgBouncer before PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, group, pass_app, verb
from nself.cli.commands.config.change import target
from nself.cli.output import Line, Table

if TYPE_CHECKING:
    from nself.actions.scale.pooler import Configured, Status


@group(short_help="Many clients over few connections to PostgreSQL.")
def command() -> None:
    """PgBouncer between the project's own services and PostgreSQL.

    \b
    Examples:
      nself scale pooler enable && nself start
      nself scale pooler config --pool-size 50
      nself scale pooler status
    """


@verb(short_help="Put PgBouncer before PostgreSQL.", result="nself.actions.scale.pooler:Configured")
@pass_app
def enable(app: App) -> None:
    """Switch the pool on. DATABASE_URL of your services then names it; DIRECT_DATABASE_URL stays PostgreSQL's own.

    \b
    Example:
      nself scale pooler enable
    """
    from nself.actions.scale import pooler

    app.output.result(pooler.enable(target(app, {}), app.emit), human)


@verb(short_help="Go to PostgreSQL directly again.", result="nself.actions.scale.pooler:Configured")
@pass_app
def disable(app: App) -> None:
    """Switch the pool off.

    \b
    Example:
      nself scale pooler disable
    """
    from nself.actions.scale import pooler

    app.output.result(pooler.disable(target(app, {})), human)


@verb(short_help="How many connections and clients.", result="nself.actions.scale.pooler:Configured")
@click.option("--pool-size", type=click.IntRange(min=1), metavar="N", help="Connections to keep to PostgreSQL.")
@click.option("--max-clients", type=click.IntRange(min=1), metavar="N", help="Clients at once; more are refused.")
@click.option("--mode", type=click.Choice(["transaction", "session"]), help="When a client gives its connection back.")
@pass_app
def config(app: App, pool_size: int | None, max_clients: int | None, mode: str | None) -> None:
    """Change the pool's settings. What does not fit into PostgreSQL's own limit is refused.

    \b
    Example:
      nself scale pooler config --pool-size 50 --max-clients 1000
    """
    from nself.actions.scale import pooler

    asked = {"POOLER_POOL_SIZE": pool_size, "POOLER_MAX_CLIENTS": max_clients, "POOLER_MODE": mode}
    changes = {key: str(value) for key, value in asked.items() if value is not None}
    app.output.result(pooler.configure(target(app, {}), changes), human)


@verb(short_help="What its pools are doing.", result="nself.actions.scale.pooler:Status")
@pass_app
def status(app: App) -> None:
    """Show what is set and, of a running PgBouncer, its pools: who waits, and for how long.

    \b
    Example:
      nself scale pooler status --json
    """
    from nself.actions.scale import pooler

    app.output.result(pooler.status(app.project, app.host, app.environ), pools)


def human(done: Configured) -> Iterator[Line]:
    if not done.enabled:
        yield "✓ the pool is disabled"
    else:
        yield f"✓ the pool is enabled: {_figures(done)}"
    yield "next: nself start" if done.changed else "nothing changed"


def pools(found: Status) -> Iterator[Line]:
    if not found.enabled:
        yield "the pool is disabled"
        yield "next: nself scale pooler enable"
        return
    yield f"{'✓ running' if found.running else '✗ stopped'}: {_figures(found)}"
    if found.pools:
        rows = [
            (
                pool.database,
                pool.user,
                f"{pool.clients_active} active, {pool.clients_waiting} waiting",
                f"{pool.servers_active} active, {pool.servers_idle} idle",
                f"{pool.longest_wait_ms} ms",
            )
            for pool in found.pools
        ]
        yield Table(("DATABASE", "ROLE", "CLIENTS", "CONNECTIONS", "LONGEST WAIT"), rows)
    if not found.running:
        yield "next: nself start pooler"


def _figures(found: Configured | Status) -> str:
    return f"{found.mode} mode, {found.pool_size} connections, {found.max_clients} clients at most"


for each in (enable, disable, config, status):
    command.add_command(each)
