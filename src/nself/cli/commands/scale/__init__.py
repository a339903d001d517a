"""`nself scale …`: more or less of a service. A file here is a sub-command."""

from __future__ import annotations

from importlib import import_module

import click

from nself.cli.folder import Folder, folder_group

SERVICES = ("pooler", "redis")
"""Sub-commands that are services, too."""
AMOUNTS = (*"0123456789", "--replicas", "--memory", "--cpu")


class Scale(Folder):
    """A word that is no sub-command is a service, and then meant for the command in `_direct.py` of its folder. So is
    a service that has sub-commands, when what follows is how much of it there is to be."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0].startswith("-") or (args[0] in self.list_commands(ctx) and not _is_amount(args)):
            return super().resolve_command(ctx, args)
        direct = import_module(f"{self.package}._direct").command
        assert isinstance(direct, click.Command)
        return args[0], direct, args  # its name is not to be typed: `nself scale web --help`


def _is_amount(args: list[str]) -> bool:
    """`redis 1`, `redis --memory 1G`."""
    return args[0] in SERVICES and (args[1:2] or [""])[0].startswith(AMOUNTS)


@folder_group(
    __file__,
    __name__,
    cls=Scale,
    short_help="More or less of a service.",
    section="Services",
    invoke_without_command=True,
)
@click.option("--list", "listed", is_flag=True, help="The same as scale status.")
@click.pass_context
def command(context: click.Context, listed: bool) -> None:
    """How much of a service runs: how many replicas of it, and how much memory and CPU each may use.

    What is said here is written to the project's files and takes effect at once in a running stack, without a
    request being dropped. `nself scale auto` does so by load.

    \b
    Examples:
      nself scale status
      nself scale out web --replicas 3
      nself scale up web --memory 1G --cpu 1
      nself scale web 3
      nself scale auto web --min 2 --max 6
    """
    if context.invoked_subcommand is not None:
        return
    if not listed:
        raise click.exceptions.NoArgsIsHelpError(context)
    from nself.cli.commands.scale import status

    context.invoke(status.command)
