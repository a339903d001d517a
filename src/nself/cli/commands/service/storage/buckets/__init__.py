"""`nself service storage buckets …`."""

from __future__ import annotations

from nself.cli.folder import folder_group


@folder_group(__file__, __name__, short_help="List, make and delete buckets; say who may read them.")
def command() -> None:
    """Buckets of the object store. Anybody may read the objects of a public one; nobody may list them.

    \b
    Examples:
      nself service storage buckets list
      nself service storage buckets create invoices
      nself service storage buckets policy invoices
    """
