"""`nself status`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line, Styled, Table

if TYPE_CHECKING:
    from nself.actions.status import ServiceStatus, Status

SYMBOLS = {"healthy": "✓", "starting": "!", "unknown": "?", "unhealthy": "✗", "stopped": "✗"}
NATIVE = "native"
CLEAR = "\033[H\033[2J"


@verb(short_help="Show what runs, and is it well.", section="Status", result="nself.actions.status:Status")
@click.argument("service", required=False)
@click.option("-d", "--detailed", is_flag=True, help="Show what each health check answered.")
@click.option("-w", "--watch", is_flag=True, help="Show it again and again, until Ctrl-C.")
@click.option(
    "-i",
    "--interval",
    type=click.FloatRange(min=0.2),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="With --watch.",
)
@click.option("--no-resources", is_flag=True, help="Leave out CPU and memory.")
@click.option("--no-health", is_flag=True, help="Do not ask services for their health.")
@click.option("--show-ports", is_flag=True, help="Show every port of a service.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), help="json is the same as --json.")
@click.pass_context
@pass_app
def command(
    app: App,
    context: click.Context,
    service: str | None,
    detailed: bool,
    watch: bool,
    interval: float,
    no_resources: bool,
    no_health: bool,
    show_ports: bool,
    form: str | None,
) -> None:
    """Show every service: its process, its health asked anew, CPU, memory and ports.

    The exit code is 0 when all run and are well, 1 when some are not, 4 when none runs.

    \b
    Examples:
      nself status
      nself status postgres
      nself status --watch
    """
    from nself.actions import status as action

    app.output.json = app.output.json or form == "json"
    view = action.View(service=service, health=not no_health, resources=not no_resources)

    def look() -> Status:
        return action.status(app.project, app.host, app.environ, view)

    def human(found: Status) -> Iterator[Line]:
        yield from table(found, detailed=detailed, ports=show_ports, resources=not no_resources)

    if not watch:
        found = look()
        app.output.result(found, human)
        context.exit(action.exit_code(found))
    for found in action.watch(look, app.host, every_s=interval):
        if not app.output.json and app.output.out.isatty():
            app.output.text(CLEAR)
        app.output.result(found, human)


def table(found: Status, *, detailed: bool, ports: bool, resources: bool) -> Iterator[Line]:
    yield Styled(f"{found.project} ({found.environment}, {found.runtime})", "bold")
    headings = ["SERVICE", "STATE", "HEALTH", "UPTIME"]
    headings += ["CPU", "MEMORY"] if resources else []
    headings += ["PORTS"]
    rows = [row(service, ports=ports, resources=resources) for service in found.services]
    yield Table(headings, rows)
    shown = [each for service in found.services for each in service.instances or (service,)]
    yield from (
        f"{each.name}: {each.answer}" for each in shown if each.answer and (detailed or each.health == "unhealthy")
    )
    yield from (
        f"{each.name}: ended and was started again {each.restarts} time{'s' if each.restarts > 1 else ''}:"
        f" nself logs {each.name}"
        for each in found.services
        if each.restarts
    )
    if resources and found.runtime == NATIVE:
        yield from (line for service in found.services if (line := beyond_its_limit(service)))
    if resources and any(service.shares_process_with and service.memory for service in found.services):
        yield "* one process hosts these services: CPU and memory are those of all of them"
    total = found.summary
    colour = "green" if total.healthy == total.total else "yellow" if total.running else "red"
    yield Styled(f"{total.running} of {total.total} running, {total.healthy} healthy", colour)
    yield "next: nself urls, nself logs -f" if total.running else "next: nself start"


def beyond_its_limit(service: ServiceStatus) -> str:
    """In containers the engine ends what would use more. What several use together cannot be laid to one of them."""
    memory = service.memory
    if memory is None or memory.used <= memory.limit or service.shares_process_with:
        return ""
    used, limit = (f"{number / 1024**2:.0f} MB" for number in (memory.used, memory.limit))
    return f"{service.name}: uses {used} of memory and is meant to use {limit}, which is not enforced natively"


def row(service: ServiceStatus, *, ports: bool, resources: bool) -> list[str]:
    shared = "*" if service.shares_process_with else ""
    count = service.replicas
    name = f"{service.name} ({count.running} of {count.wanted})" if count.wanted > 1 else service.name
    cells = [name, service.status, f"{SYMBOLS[service.health]} {service.health}", age(service.uptime)]
    if resources:
        cells.append(f"{service.cpu.percent:.1f} %{shared}" if service.cpu else "-")
        cells.append(f"{service.memory.used / 1024**2:.0f} MB{shared}" if service.memory else "-")
    everywhere = [port for each in service.instances or (service,) for port in each.ports]
    shown = everywhere if ports or service.instances else service.ports[:1]
    cells.append(", ".join(f"{port.host}:{port.port}" for port in shown))
    return cells


def age(seconds: int | None) -> str:
    """`3d 4h`, `5m 12s`: the two largest units."""
    if seconds is None:
        return "-"
    parts = [(seconds // 86400, "d"), (seconds // 3600 % 24, "h"), (seconds // 60 % 60, "m"), (seconds % 60, "s")]
    first = next((index for index, (count, _) in enumerate(parts) if count), 3)
    return " ".join(f"{count}{unit}" for count, unit in parts[first : first + 2])
