"""`nself service search …`: indexes over the project's tables, and questions to them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nself.cli.app import App, group, pass_app, verb
from nself.cli.commands.config.change import target
from nself.cli.output import Line, Styled, Table
from nself.errors import UsageError

if TYPE_CHECKING:
    from nself.actions.search.indexes import Built, Dropped, Figures, Found, Health, Listing, Place, Synced
    from nself.actions.search.switch import Switched

CONDITION = re.compile(r"(?P<name>[^=<>!]+?)\s*(?P<sign><=|>=|!=|=|<|>)\s*(?P<value>.*)", re.DOTALL)
SIGNS = {"=": "eq", "!=": "ne", "<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
DOCS = """\
Declare what is found in search/indexes.yml:

  articles:                     the name of the index
    table: public.articles
    fields: {title: A, body: C} columns whose words are found; A counts most, D least
    language: english           a text search configuration of PostgreSQL; simple when unset
    filterable: [category]      what a query may be narrowed by
    sortable: [published_at]    what its matches may be sorted by

Then:

  nself service search setup --dry-run     what would be built
  nself service search setup
  nself service search query articles "red shoes" --filter category=shop --highlight

With the engine postgres, PostgreSQL keeps the index up to date with every commit. With meilisearch, changes are
written down with every commit and told to it by: nself service search sync
"""


@group(short_help="Full text search over the project's tables.")
def command() -> None:
    """Indexes over the project's tables, declared in search/indexes.yml and kept by PostgreSQL or Meilisearch.

    \b
    Examples:
      nself service search docs
      nself service search setup
      nself service search query articles "red shoes" --limit 5
    """


@verb(short_help="The engine and its indexes.", result="nself.actions.search.indexes:Listing")
@pass_app
def status(app: App) -> None:
    """Show which engine searches and how each index stands to its definition.

    \b
    Example:
      nself service search status
    """
    from nself.actions.search import indexes as search

    app.output.result(search.listing(_at(app)), human_listing)


@verb(short_help="Switch search on, and choose its engine.", result="nself.actions.search.switch:Switched")
@click.argument("engine", required=False, type=click.Choice(["postgres", "meilisearch"]))
@pass_app
def enable(app: App, engine: str | None) -> None:
    """Search in this project by ENGINE: postgres needs no process of its own, meilisearch runs beside it.

    \b
    Examples:
      nself service search enable
      nself service search enable meilisearch
    """
    from nself.actions.search import switch as search_switch

    app.output.result(search_switch.enable(target(app, {}), engine), human_switched)


@verb(short_help="Switch search off.", result="nself.actions.search.switch:Switched")
@pass_app
def disable(app: App) -> None:
    """No engine runs and search commands refuse. Indexes inside PostgreSQL stay up to date until they are cleared.

    \b
    Example:
      nself service search disable
    """
    from nself.actions.search import switch as search_switch

    app.output.result(search_switch.disable(target(app, {})), human_switched)


@verb(short_help="Make the indexes what search/indexes.yml says.", result="nself.actions.search.indexes:Built")
@click.option("--dry-run", is_flag=True, help="Show what would be built and dropped.")
@pass_app
def setup(app: App, dry_run: bool) -> None:
    """Build the indexes that are new or changed, drop those that are no longer declared. The tables are not touched.

    \b
    Examples:
      nself service search setup --dry-run
      nself service search setup
    """
    from nself.actions.search import indexes as search

    app.output.result(search.setup(_at(app), dry_run=dry_run), human_built)


@verb(short_help="Build indexes anew from their tables.", result="nself.actions.search.indexes:Built")
@click.argument("indexes", nargs=-1, metavar="[INDEX]...")
@pass_app
def reindex(app: App, indexes: tuple[str, ...]) -> None:
    """Build the indexes that are named, or all. The old ones answer until the new ones are whole.

    \b
    Examples:
      nself service search reindex
      nself service search reindex articles
    """
    from nself.actions.search import indexes as search

    app.output.result(search.reindex(_at(app), indexes), human_built)


@verb(short_help="Ask an index.", result="nself.actions.search.indexes:Found")
@click.argument("index")
@click.argument("text", default="")
@click.option(
    "--limit", type=click.IntRange(0, 1000), default=20, show_default=True, metavar="N", help="At most so many."
)
@click.option("--offset", type=click.IntRange(0, 10_000), default=0, metavar="N", help="Leave out the first N.")
@click.option(
    "--filter", "filters", multiple=True, metavar="NAME=VALUE", help="Also !=, <, <=, >, >=; may be repeated."
)
@click.option(
    "--sort", "sorts", multiple=True, metavar="NAME", help="By this instead of by rank; -NAME for descending."
)
@click.option("--highlight", is_flag=True, help="Mark the words that were found.")
@pass_app
def query(
    app: App,
    index: str,
    text: str,
    limit: int,
    offset: int,
    filters: tuple[str, ...],
    sorts: tuple[str, ...],
    highlight: bool,
) -> None:
    """Find rows by their words. "…" is a phrase, OR an alternative, -word leaves out; the last word may be unfinished.

    \b
    Examples:
      nself service search query articles "red shoes"
      nself service search query articles shoes --filter 'price<50' --sort -price --json
    """
    from nself.actions.search import indexes as search

    marks = ("<mark>", "</mark>") if app.output.json else ("»", "«")
    asked = search.Query(
        text=text, limit=limit, offset=offset, filter=_filter(filters), sort=sorts, highlight=highlight, marks=marks
    )
    app.output.result(search.query(_at(app), index, asked), human_found)


@verb(short_help="Tell the engine what changed.", result="nself.actions.search.indexes:Synced")
@pass_app
def sync(app: App) -> None:
    """Tell Meilisearch which rows changed since it was last told. PostgreSQL's own indexes need no telling.

    \b
    Example:
      nself service search sync
    """
    from nself.actions.search import indexes as search

    def human(done: Synced) -> Iterator[Line]:
        for name, count in done.changes.items():
            yield f"✓ {name}: {count} changed rows told"

    app.output.result(search.sync(_at(app)), human)


@verb(short_help="Remove indexes; refused in production.", result="nself.actions.search.indexes:Dropped")
@click.argument("indexes", nargs=-1, metavar="[INDEX]...")
@pass_app
def clear(app: App, indexes: tuple[str, ...]) -> None:
    """Remove the indexes that are named, or all, with their triggers. The tables they were made from stay as they are.

    \b
    Example:
      nself service search clear articles
    """
    from nself.actions.guard import refuse_in_production
    from nself.actions.search import indexes as search

    refuse_in_production(app.project, "removing search indexes")
    app.confirm("Remove them?", consequence=f"{', '.join(indexes) or 'Every search index'} will find nothing any more.")

    def human(done: Dropped) -> Iterator[Line]:
        yield f"✓ removed {', '.join(done.indexes)}" if done.indexes else "there was no index"

    app.output.result(search.clear(_at(app), indexes), human)


@verb(short_help="Write an index's documents as JSON lines.")
@click.argument("index")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="There, not to stdout.")
@pass_app
def export(app: App, index: str, output: Path | None) -> None:
    """Every document of INDEX, a line of JSON each: what an engine elsewhere would have to be given.

    \b
    Example:
      nself service search export articles --output articles.ndjson
    """
    from nself.actions.search import indexes as search

    if output is None:
        search.export(_at(app), index, lambda document: app.output.text(_line(document)))
        return
    lines: list[str] = []
    count = search.export(_at(app), index, lambda document: lines.append(_line(document)))
    app.host.write(output, "".join(f"{line}\n" for line in lines))
    if not app.output.json:
        app.output.text(f"✓ wrote {count} documents to {output}")


@verb(short_help="Documents, sizes, pending changes.", result="nself.actions.search.indexes:Figures")
@pass_app
def stats(app: App) -> None:
    """Show how large each index is and what it has not been told yet.

    \b
    Example:
      nself service search stats --json
    """
    from nself.actions.search import indexes as search

    app.output.result(search.stats(_at(app)), human_figures)


@verb(short_help="Whether every index answers and is up to date.", result="nself.actions.search.indexes:Health")
@click.pass_context
@pass_app
def health(app: App, context: click.Context) -> None:
    """Ask every index and say what is wrong with it. Exits 1 when something is.

    \b
    Example:
      nself service search health
    """
    from nself.actions.search import indexes as search

    found = search.health(_at(app))

    def human(found: Health) -> Iterator[Line]:
        yield from (Styled(f"✗ {problem}", "red") for problem in found.problems)
        if found.healthy:
            yield Styled(f"✓ {found.engine} answers, {len(found.indexes)} indexes are up to date", "green")

    app.output.result(found, human)
    if not found.healthy:
        context.exit(1)


@verb(short_help="How an index is declared.")
@pass_app
def docs(app: App) -> None:
    """Show how indexes are declared and kept.

    \b
    Example:
      nself service search docs
    """
    app.output.text(DOCS)


def human_listing(found: Listing) -> Iterator[Line]:
    yield f"engine: {found.engine}"
    yield Table(("INDEX", "TABLE", "STATE"), [(each.name, each.table or "-", each.state) for each in found.indexes])
    yield from (Styled(f"✗ {each.name}: {each.problem}", "red") for each in found.indexes if each.problem)
    if not found.indexes:
        yield "no index is declared: nself service search docs"
    elif any(each.state != "built" for each in found.indexes):
        yield "next: nself service search setup"


def human_switched(done: Switched) -> Iterator[Line]:
    yield f"✓ search: {done.engine}" if done.engine else "✓ search is switched off"
    yield from (f"  {change}" for change in done.changes)
    yield "next: nself start, then nself service search setup" if done.engine else "next: nself start"


def human_built(done: Built) -> Iterator[Line]:
    for each in done.indexes:
        rows = f" ({each.rows} rows)" if each.rows is not None else ""
        yield f"{'would ' if done.dry_run and each.action != 'kept' else '✓ '}{each.action} {each.index}{rows}"


def human_found(found: Found) -> Iterator[Line]:
    if found.corrected:
        yield f"showing matches of: {found.corrected}"
    for hit in found.hits:
        shown = {**hit["document"], **hit["highlight"]}
        rank = f" ({hit['rank']:.3f})" if hit["rank"] is not None else ""
        yield Styled(f"{hit['id']}{rank}", "bold")
        yield from (f"  {name}: {_short(value)}" for name, value in shown.items() if value != hit["id"])
    yield f"{len(found.hits)} of {'' if found.exact else 'about '}{found.total}, {found.ms} ms by {found.engine}"
    if found.problem:
        yield Styled(f"! the index may be out of date: {found.problem}", "yellow")
        yield "  nself service search status"


def human_figures(found: Figures) -> Iterator[Line]:
    rows = [
        (each.name, str(each.documents), _size(each.bytes), str(each.pending), each.built_at or "-")
        for each in found.indexes
    ]
    yield Table(("INDEX", "DOCUMENTS", "SIZE", "PENDING", "BUILT"), rows)
    if not rows:
        yield "no index is built: nself service search setup"


def _at(app: App) -> Place:
    from nself.actions.search.indexes import Place

    return Place(project=app.project, host=app.host, environ=app.environ, emit=app.emit)


def _filter(conditions: tuple[str, ...]) -> dict[str, Any]:
    """`category=a` twice is either of them; comparisons of one name all hold."""
    filter: dict[str, Any] = {}
    for condition in conditions:
        parts = CONDITION.fullmatch(condition)
        if parts is None:
            raise UsageError(f"--filter {condition}: expected NAME=VALUE", fixes=["--filter category=books"])
        name, sign, value = parts["name"].strip(), SIGNS[parts["sign"]], parts["value"]
        if sign == "eq" and not isinstance(filter.get(name), Mapping):
            filter.setdefault(name, []).append(value)
        elif not isinstance(filter.setdefault(name, {}), list):
            filter[name][sign] = value
        else:
            raise UsageError(f"--filter {condition}: = and other comparisons of {name} do not go together")
    return filter


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return " ".join(text.split())[:200]


def _line(document: Mapping[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False)


def _size(count: int | None) -> str:
    return "-" if count is None else f"{count / 1e6:.1f} MB"


for each in (status, enable, disable, setup, reindex, query, sync, clear, export, stats, health, docs):
    command.add_command(each)
command.add_command(status, "list")
command.add_command(setup, "index")
