"""`nself service search …`: indexes over the project's tables, and questions to them. A file here is a sub-command."""

from __future__ import annotations

from nself.cli.folder import folder_group


@folder_group(__file__, __name__, short_help="Full text search over the project's tables.")
def command() -> None:
    """Indexes over the project's tables, declared in search/indexes.yml and kept by PostgreSQL or Meilisearch.

    \b
    Examples:
      nself service search docs
      nself service search setup
      nself service search query articles "red shoes" --limit 5
    """
