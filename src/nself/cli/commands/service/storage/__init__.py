"""`nself service storage …`: the object store behind the storage service."""

from __future__ import annotations

from nself.cli.folder import folder_group


@folder_group(__file__, __name__, short_help="Buckets and objects of the S3 store.")
def command() -> None:
    """The S3 store of this project: the one it runs, or the one that S3_ENDPOINT names.

    \b
    Examples:
      nself service storage buckets list
      nself service storage upload logo.png --bucket public
      nself service storage presign report.pdf --bucket private --expires 600
    """
