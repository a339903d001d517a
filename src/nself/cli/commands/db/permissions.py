"""`nself db permissions matrix|test`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import click

from nself.cli.app import App, group, pass_app
from nself.cli.output import Line, Styled, Table

if TYPE_CHECKING:
    from nself.actions.database.permissions import Access, Matrix, Tested

_WIDTH: Final = 80

folder_option = click.option("--dir", "folder", metavar="DIR", help="The metadata directory [default: metadata].")


@group(short_help="Who may reach which rows.")
def command() -> None:
    """Who may reach which rows through the GraphQL API.

    \b
    Examples:
      nself db permissions matrix           tables and roles at a glance
      nself db permissions test             try to reach what nobody should
      nself db permissions test --accept    what is shared now is meant to be
    """


@command.command(
    "matrix", result="nself.actions.database.permissions:Matrix", short_help="Tables and roles at a glance."
)
@folder_option
@pass_app
def matrix(app: App, folder: str | None) -> None:
    """Show what each role may do with each table, as the metadata directory says."""
    from nself.actions.database import metadata, permissions

    app.output.result(permissions.matrix(metadata.folder_of(app.project, folder)), human_matrix)


@command.command(
    "test", result="nself.actions.database.permissions:Tested", short_help="Try to reach what nobody should."
)
@folder_option
@click.option("--running", is_flag=True, help="Try what GraphQL runs on instead of the files.")
@click.option("--accept", is_flag=True, help="Write what is shared into db/permissions.yml, as meant.")
@click.option("--strict", is_flag=True, help="What could not be tried is a failure too.")
@click.option("-a", "--all", "everything", is_flag=True, help="Show what is as it should be, too.")
@click.pass_context
@pass_app
def test(
    app: App,
    context: click.Context,
    folder: str | None,
    running: bool,
    accept: bool,
    strict: bool,
    everything: bool,
) -> None:
    """Try every role against every table, with rows of another person made for the purpose.

    Reads, inserts, updates and deletes what the role must not reach, through the GraphQL engine itself, and compares
    with what the permission says, asked in plain SQL. All of it happens in one transaction of the project's database
    that is taken back.

    Exits 1 when a row leaks, or when one person may reach another one's rows and db/permissions.yml does not say
    that this is meant.
    """
    from nself.actions.database import metadata, permissions

    where = None if running else metadata.folder_of(app.project, folder)
    result = permissions.test(app.project, app.host, app.environ, app.emit, where)
    if accept:
        permissions.accept(app.project, app.host, result)
        result = permissions.judged(app.project, app.host, result)
    app.output.result(result, lambda tested: human_tested(tested, everything=everything, strict=strict))
    if result.blocking or (strict and any(one.verdict == "untested" for one in result.tried)):
        context.exit(1)


def human_matrix(result: Matrix) -> Iterator[Line]:
    """As many tables below each other as it takes to show every role in a terminal of the usual width."""
    names = max((len(table.table) for table in result.tables), default=0)
    for roles in _fitting(result.roles, _WIDTH - max(names, len("TABLE"))):
        shown = set(roles)
        rows = [(each.table, *(_letters(one) for one in each.access if one.role in shown)) for each in result.tables]
        yield Table(("TABLE", *roles), rows)
    yield "S select  I insert  U update  D delete: every row; small letters: some rows; -: none"


def _fitting(roles: Sequence[str], width: int) -> Iterator[Sequence[str]]:
    """The roles in groups whose columns take no more than `width`, never less than one role each."""
    group: list[str] = []
    left = width
    for role in roles:
        needed = 2 + max(len(role), len("S I U D"))
        if group and needed > left:
            yield group
            group, left = [], width
        group.append(role)
        left -= needed
    yield group


def _letters(access: Access) -> str:
    reach = (("s", access.select), ("i", access.insert), ("u", access.update), ("d", access.delete))
    return " ".join({"all": letter.upper(), "some": letter}.get(str(how), "-") for letter, how in reach)


def human_tested(result: Tested, *, everything: bool, strict: bool) -> Iterator[Line]:
    rows = [
        (one.role, one.table, one.verb, "shared, as meant" if one.accepted else one.verdict, one.detail)
        for one in result.tried
        if everything or _tells(one.verdict, accepted=one.accepted)
    ]
    yield Table(("ROLE", "TABLE", "VERB", "VERDICT", "SEEN"), rows)
    yield from (f"db/permissions.yml lists {entry}, which is not shared any more" for entry in result.stale)
    count = {name: sum(one.verdict == name for one in result.tried) for name in ("leak", "untested")}
    unmeant = sum(one.verdict == "shared" and not one.accepted for one in result.tried)
    tried = f"{result.attacks} operations on {len(result.tried)} combinations of role, table and verb"
    if count["leak"]:
        yield Styled(f"✗ {tried}: {count['leak']} leak more than their permission says: report them", "red")
    if unmeant:
        yield Styled(f"✗ {tried}: {unmeant} let one person reach another one's rows", "red")
        yield "  narrow the permission, or if it is meant: nself db permissions test --accept"
    if not result.blocking:
        yield Styled(f"✓ {tried}: nothing reaches further than it should", "green")
    if count["untested"]:
        yield Styled(f"{'✗' if strict else '!'} {count['untested']} could not be tried", "red" if strict else "yellow")


def _tells(verdict: str, *, accepted: bool) -> bool:
    return verdict in ("leak", "untested") or (verdict == "shared" and not accepted)
