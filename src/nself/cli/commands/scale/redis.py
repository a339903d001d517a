"""`nself scale redis …`: how near Redis is to what bounds it, and more nodes of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, group, pass_app, verb
from nself.cli.commands.config.change import target
from nself.cli.commands.scale import _change as shared
from nself.cli.commands.start import human_failure, say_failures
from nself.cli.output import Line, Styled, Table

if TYPE_CHECKING:
    from nself.actions.scale.cluster import Job, Reshaped
    from nself.actions.scale.redis import ClusterStatus, Node, Running, Status


@group(short_help="How near Redis is to its limits; a cluster of it.")
def command() -> None:
    """One server has more room by REDIS_MAX_MEMORY, its process by `nself scale up redis`. A cluster spreads the keys
    over several, which use more processors, and its replicas take over from masters that end.

    \b
    Examples:
      nself scale redis status
      nself scale redis cluster --nodes 6
      nself scale redis add-node
      nself scale up redis --memory 2G
    """


@verb(short_help="Memory, clients and load.", result="nself.actions.scale.redis:Status")
@pass_app
def status(app: App) -> None:
    """Show how much of its memory and clients a running Redis has, and what it does when they run out; of a cluster
    each node, its role, its slots and how it is.

    \b
    Example:
      nself scale redis status --json
    """
    from nself.actions.scale import redis

    app.output.result(redis.status(app.project, app.host, app.environ), human)


def human(found: Status) -> Iterator[Line]:
    if not found.enabled:
        yield "this project has no Redis"
        yield "next: nself service enable redis"
    elif found.cluster is not None:
        yield from nodes(found.cluster)
    elif found.running is None:
        yield "✗ stopped"
        yield "next: nself start redis"
    else:
        yield from figures(found.running)


def figures(found: Running) -> Iterator[Line]:
    used, most = found.memory_bytes / 1024**2, found.max_memory_bytes
    yield f"✓ running: {found.engine} {found.version}"
    yield f"commands a second: {found.commands_per_second}"
    if most is None:
        yield f"memory: {used:.1f} MB, without a limit"
    else:
        yield f"memory: {used:.1f} MB of {most / 1024**2:.0f} MB"
        yield f"when that is full: {found.eviction} (keys removed so far: {found.evicted})"
    yield f"clients: {found.clients} of {found.max_clients} (refused so far: {found.refused_clients})"


def nodes(found: ClusterStatus) -> Iterator[Line]:
    mark = {"ok": "✓", "degraded": "!"}.get(found.state, "✗")
    yield f"{mark} cluster {found.state}: {found.slots_assigned} of 16384 slots, {found.keys} keys"
    yield Table(("NODE", "ROLE", "SLOTS", "KEYS", "MEMORY", "CLIENTS", "STATE"), [_row(each) for each in found.nodes])
    yield from (f"{each.name}: {each.answer}" for each in found.nodes if each.answer)
    if found.state != "ok":
        yield "next: nself start"


def _row(each: Node) -> tuple[str, ...]:
    role = f"replica of {each.master}" if each.role == "replica" else each.role or "-"
    memory = "-" if each.memory_bytes is None else f"{each.memory_bytes / 1024**2:.1f} MB"
    most = f" of {each.max_memory_bytes / 1024**2:.0f} MB" if each.max_memory_bytes else ""
    return each.name, role, str(each.slots), _shown(each.keys), memory + most, _shown(each.clients), each.state


def _shown(number: int | None) -> str:
    return "-" if number is None else str(number)


@verb(
    name="cluster",
    short_help="Spread Redis over several nodes, or back to one.",
    result="nself.actions.scale.cluster:Reshaped",
)
@click.option("--nodes", type=int, required=True, metavar="N", help="3 to 32 nodes; 1 is one server without a cluster.")
@shared.timeout
@shared.dry_run
@click.pass_context
@pass_app
def spread(app: App, context: click.Context, nodes: int, timeout: int | None, dry_run: bool) -> None:
    """Make a cluster of Redis, a larger or a smaller one, or one server of it again. Keys are moved while clients use
    them, and counted before and after. With 6 nodes or more half of them are masters, the others their replicas.

    What is interrupted goes on when the same command is given again.

    \b
    Examples:
      nself scale redis cluster --nodes 6
      nself scale redis cluster --nodes 6 --dry-run
      nself scale redis cluster --nodes 1
    """
    from nself.actions.scale import cluster as action

    reshape(app, context, action.job(target(app, {}), nodes, app.environ, app.emit, timeout), dry_run)


@verb(short_help="Add one node to the cluster.", result="nself.actions.scale.cluster:Reshaped")
@shared.timeout
@shared.dry_run
@click.pass_context
@pass_app
def add_node(app: App, context: click.Context, timeout: int | None, dry_run: bool) -> None:
    """Add one node to a running cluster. It becomes a master with its share of the slots where that makes half of them
    masters (3 to 5 nodes: all are), else a replica: --dry-run says which.

    \b
    Examples:
      nself scale redis add-node --dry-run
      nself scale redis add-node
    """
    from nself.actions.scale import cluster as action

    count = action.one_more(action.opened_running(target(app, {}), app.emit))
    reshape(app, context, action.job(target(app, {}), count, app.environ, app.emit, timeout), dry_run)


def reshape(app: App, context: click.Context, job: Job, dry_run: bool) -> None:
    """Say what it means, ask, do it."""
    from nself.actions import start
    from nself.actions.scale import cluster as action

    found = action.preview(job)
    if not dry_run:
        if consequence := _consequence(found):
            app.confirm("Do it?", consequence=consequence)
        found = action.reshape(job)
    app.output.result(found, reshaped)
    say_failures(app, found.failed)
    context.exit(start.failure_code(found.failed))


def _consequence(found: Reshaped) -> str:
    """What somebody may not want, where there is such a thing."""
    if found.nodes_before == 1 < found.nodes:
        return "Redis is restarted, and clients that do not speak cluster will fail."
    if found.nodes < found.nodes_before:
        went = found.nodes_before - found.nodes
        return f"{went} nodes are emptied and stopped; the keys have less room."
    return ""


def reshaped(done: Reshaped) -> Iterator[Line]:
    after = "one server" if done.nodes == 1 else f"{done.masters} masters, {done.replicas} replicas"
    for failure in done.failed:
        yield from human_failure(failure)
    if done.failed:
        yield Styled(f"✗ not there yet: {after}", "red")
        yield f"next: nself scale redis cluster --nodes {done.nodes} goes on"
        return
    if done.dry_run:
        before = "one server" if done.nodes_before == 1 else f"{done.nodes_before} nodes"
        yield f"redis: {before} → {after}"
    else:
        yield Styled(f"✓ redis: {after}, {done.keys} keys (before: {done.keys_before})", "green")
    yield from (f"  {step}" for step in done.steps)
    yield from (f"note: {note}" for note in done.notes)
    if not done.dry_run:
        yield "next: nself scale redis status"


for each in (status, spread, add_node):
    command.add_command(each)
