"""`nself service search docs`."""

from __future__ import annotations

from collections.abc import Iterator

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line
from nself.records import dataclass

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Manual:
    text: str


@verb(short_help="How an index is declared.", result=f"{__name__}:Manual")
@pass_app
def command(app: App) -> None:
    """Show how indexes are declared and kept.

    \b
    Example:
      nself service search docs
    """

    def human(manual: Manual) -> Iterator[Line]:
        yield manual.text

    app.output.result(Manual(text=DOCS), human)
