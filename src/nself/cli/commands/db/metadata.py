"""`nself db metadata apply|export|diff|validate|reload`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, group, pass_app
from nself.cli.output import Line, Styled

if TYPE_CHECKING:
    from nself.actions.database.metadata import Applied, Compared, Exported, Finding, Reloaded, Validated
    from nself.actions.stack import Stack

folder_option = click.option("--dir", "folder", metavar="DIR", help="The metadata directory [default: metadata].")


@group(short_help="The GraphQL API's metadata, as files.")
def command() -> None:
    """What the GraphQL API shows and to whom, kept as a Hasura metadata directory (version 3).

    The directory is applied at every start when it changed. These commands do it in between, and the other way.

    \b
    Examples:
      nself db metadata validate            would everything in it work
      nself db metadata diff                what differs from what runs
      nself db metadata apply               run on what the files say
      nself db metadata export              write what runs into the files
    """


@command.command("validate", result="nself.actions.database.metadata:Validated", short_help="Check the files.")
@folder_option
@click.pass_context
@pass_app
def validate(app: App, context: click.Context, folder: str | None) -> None:
    """Check every file of the metadata directory, and everything it names against the database.

    Lists objects that could not be served, and keys without an effect here, each with its file and line. Exits 3
    when something could not be served.
    """
    from nself.actions.database import metadata

    result = metadata.validate(_opened(app), metadata.folder_of(app.project, folder))
    app.output.result(result, human_validated)
    if not result.ok:
        context.exit(3)


@command.command("apply", result="nself.actions.database.metadata:Applied", short_help="Run on what the files say.")
@folder_option
@click.option("--allow-inconsistent", is_flag=True, help="Leave out what cannot be served instead of refusing all.")
@pass_app
def apply(app: App, folder: str | None, allow_inconsistent: bool) -> None:
    """Make the running GraphQL API what the metadata directory says: all of it, or nothing."""
    from nself.actions.database import metadata

    where = metadata.folder_of(app.project, folder)
    app.output.result(
        metadata.apply(_opened(app), app.emit, where, allow_inconsistent=allow_inconsistent), human_applied
    )


@command.command(
    "export", result="nself.actions.database.metadata:Exported", short_help="Write what runs into the files."
)
@folder_option
@pass_app
def export(app: App, folder: str | None) -> None:
    """Write the metadata of the running GraphQL API into the metadata directory.

    Files that say the same already stay as they are, with their comments.
    """
    from nself.actions.database import metadata

    app.output.result(metadata.export(_opened(app), app.host, metadata.folder_of(app.project, folder)), human_exported)


@command.command("diff", result="nself.actions.database.metadata:Compared", short_help="What apply would change.")
@folder_option
@click.option("--exit-code", is_flag=True, help="Exit 1 when there are differences.")
@click.pass_context
@pass_app
def diff(app: App, context: click.Context, folder: str | None, exit_code: bool) -> None:
    """Compare what runs (-) with what the files say (+). Comments and layout do not count."""
    from nself.actions.database import metadata

    result = metadata.diff(_opened(app), metadata.folder_of(app.project, folder))
    app.output.result(result, human_compared)
    if exit_code and result.differences:
        context.exit(1)


@command.command(
    "reload", result="nself.actions.database.metadata:Reloaded", short_help="Read the database's tables again."
)
@folder_option
@pass_app
def reload(app: App, folder: str | None) -> None:
    """Have the GraphQL API read the database's tables and functions again, after they were changed behind its back."""
    from nself.actions.database import metadata

    app.output.result(metadata.reload(_opened(app), metadata.folder_of(app.project, folder)), human_reloaded)


def _opened(app: App) -> Stack:
    from nself.actions.stack import open_stack

    return open_stack(app.project, app.host, app.environ, app.emit)


def human_validated(result: Validated) -> Iterator[Line]:
    yield from _findings(result.findings)
    tables = "1 table" if result.tables == 1 else f"{result.tables} tables"
    if not result.against_database:
        yield Styled("! the database did not answer: only the files themselves were checked", "yellow")
        yield "  next: nself start postgres, then again"
    if result.ok:
        what = "and the database has everything it names" if result.against_database else "as far as it can be read"
        yield Styled(f"✓ {result.folder}: {tables}, {what}", "green")
    else:
        count = sum(finding.serious for finding in result.findings)
        yield Styled(f"✗ {result.folder}: {count} of its objects cannot be served", "red")


def human_applied(result: Applied) -> Iterator[Line]:
    yield from _findings(result.findings)
    left_out = sum(finding.serious for finding in result.findings)
    more = f"; {left_out} of its objects cannot be served and are left out" if left_out else ""
    if result.changed:
        yield f"✓ applied, resource version {result.resource_version}{more}"
    else:
        yield f"nothing to change: GraphQL runs on what {result.folder} says{more}"


def human_exported(result: Exported) -> Iterator[Line]:
    yield from (f"wrote {name}" for name in result.written)
    yield from (f"removed {name}" for name in result.removed)
    yield f"{result.folder}: {len(result.written)} written, {len(result.removed)} removed, {result.unchanged} as before"


def human_compared(result: Compared) -> Iterator[Line]:
    for difference in result.differences:
        for line in difference.text.splitlines():
            color = {"+": "green", "-": "red"}.get(line[:1])
            yield Styled(line, color) if color else line
    if not result.differences:
        yield f"no difference: GraphQL runs on what {result.folder} says"


def human_reloaded(result: Reloaded) -> Iterator[Line]:
    yield from _findings(result.findings)
    left_out = len(result.findings)
    yield (
        Styled(f"! reloaded; {left_out} objects cannot be served and are left out", "yellow")
        if left_out
        else f"✓ reloaded, everything is served (resource version {result.resource_version})"
    )


def _findings(findings: Iterable[Finding]) -> Iterator[Line]:
    for finding in findings:
        where = f"{finding.where}: " if finding.where else ""
        mark, color = ("✗", "red") if finding.serious else ("!", "yellow")
        yield Styled(f"{mark} {where}{finding.message}", color)
