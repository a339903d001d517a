"""`nself scale …`: more or less of a service. A file here is a sub-command."""

from __future__ import annotations

from nself.cli.folder import folder_group


@folder_group(__file__, __name__, short_help="More or less of a service.", section="Services")
def command() -> None:
    """How much of a service runs: how many replicas of it, and how much memory and CPU each may use.

    What is said here is written to the project's files and takes effect at once in a running stack, without a
    request being dropped. Scaling by load needs a controller: that is Kubernetes' work.

    \b
    Examples:
      nself scale status
      nself scale out web --replicas 3
      nself scale up web --memory 1G --cpu 1
      nself scale web 3
    """
