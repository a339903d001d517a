"""`nself service search query`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.service.search._place import place
from nself.cli.output import Line, Styled, Table
from nself.errors import UsageError

if TYPE_CHECKING:
    from nself.actions.search.asking import Found

CONDITION = re.compile(r"(?P<name>[^=<>!]+?)\s*(?P<sign><=|>=|!=|=|<|>)\s*(?P<value>.*)", re.DOTALL)
SIGNS = {"=": "eq", "!=": "ne", "<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}


@verb(short_help="Ask an index.", result="nself.actions.search.asking:Found")
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
@click.option(
    "--facet", "facets", multiple=True, metavar="NAME", help="Count the matches of each value of it; may be repeated."
)
@click.option("--exact", is_flag=True, help="Count every match, however many: PostgreSQL only, and slower.")
@pass_app
def command(
    app: App,
    index: str,
    text: str,
    limit: int,
    offset: int,
    filters: tuple[str, ...],
    sorts: tuple[str, ...],
    highlight: bool,
    facets: tuple[str, ...],
    exact: bool,
) -> None:
    """Find rows by their words. "…" is a phrase, OR an alternative, -word leaves out; the last word may be unfinished.

    \b
    Examples:
      nself service search query articles "red shoes"
      nself service search query articles shoes --filter 'price<50' --sort -price --json
      nself service search query articles shoes --facet category --limit 0
    """
    from nself.actions.search import asking as search

    marks = ("<mark>", "</mark>") if app.output.json else ("»", "«")
    asked = search.Query(
        text=text,
        limit=limit,
        offset=offset,
        filter=_filter(filters),
        sort=sorts,
        highlight=highlight,
        marks=marks,
        facets=facets,
        exact=exact,
    )
    app.output.result(search.query(place(app), index, asked), human)


def human(found: Found) -> Iterator[Line]:
    if found.corrected:
        yield f"showing matches of: {found.corrected}"
    for hit in found.hits:
        shown = {**hit["document"], **hit["highlight"]}
        rank = f" ({hit['rank']:.3f})" if hit["rank"] is not None else ""
        yield Styled(f"{hit['id']}{rank}", "bold")
        yield from (f"  {name}: {_short(value)}" for name, value in shown.items() if value != hit["id"])
    yield f"{len(found.hits)} of {'' if found.exact else 'about '}{found.total}, {found.ms} ms by {found.engine}"
    for name, facet in found.facets.items():
        sign = "" if facet.exact else "about "
        yield Table((name.upper(), "MATCHES"), [(_short(v["value"]), f"{sign}{v['count']}") for v in facet.values])
    if found.problem:
        yield Styled(f"! the index may be out of date: {found.problem}", "yellow")
        yield "  nself service search status"


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
