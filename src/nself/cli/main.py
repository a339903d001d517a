"""The root command: finds commands by their file names, reads global options, turns every ending into an exit code."""

from __future__ import annotations

import gc
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from nself.cli import interruption
from nself.cli.app import App
from nself.cli.folder import Folder
from nself.cli.output import LEVEL_NAMES, Level, NobodyReadsError, Output
from nself.errors import InterruptedByUserError, NselfError, UsageError

COMMANDS = Path(__file__).parent / "commands"
SECTIONS = ("Core lifecycle", "Status", "Data", "Services", "Configuration", "Utility")
ALIASES = {"up": "start", "down": "stop"} | {
    name: f"service {name}" for name in ("email", "functions", "mlflow", "search")
}
"""Words of the earlier program that forward with a notice; they go in 0.5.0."""
_SECTION = re.compile(r'section="([^"]+)"')
_SUMMARY = re.compile(r'short_help="([^"]+)"')


class Root(Folder):
    """Commands are files: `commands/start.py` is `nself start`, `commands/db/` is a group."""

    aliases = ALIASES

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, package="nself.cli.commands", folder=COMMANDS, **kwargs)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] in ALIASES:
            args = self._forward(ctx, args)
        return super().resolve_command(ctx, args)

    def _forward(self, ctx: click.Context, args: list[str]) -> list[str]:
        old, *rest = args
        new = ALIASES[old]
        # Only the notice is ours: what the command prints, and its exit code, are as ever.
        output = ctx.ensure_object(App).output
        if not output.json and not {"-q", "--quiet"} & set(rest):
            output.warn(f"`nself {old}` is now `nself {new}`; the old word goes in 0.5.0")
        return [*new.split(), *rest]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        by_section: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            section, summary = declaration(name)
            by_section.setdefault(section, []).append((name, summary))
        for section in (*SECTIONS, *sorted(set(by_section) - set(SECTIONS))):
            if section in by_section:
                with formatter.section(section):
                    formatter.write_dl(by_section[section])


def declaration(name: str) -> tuple[str, str]:
    """Section and summary of a command, read from its file's text: listing commands must not import them all."""
    file = COMMANDS / f"{name.replace('-', '_')}.py"
    text = (file if file.exists() else COMMANDS / name.replace("-", "_") / "__init__.py").read_text(encoding="utf-8")
    section, summary = _SECTION.search(text), _SUMMARY.search(text)
    return section[1] if section else SECTIONS[-1], summary[1] if summary else ""


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"]}, invoke_without_command=True)
@click.option("-v", "short_version", is_flag=True, help="Print the version number.")
@click.option("--version", "long_version", is_flag=True, help="Print version, platform and paths.")
@click.pass_context
def root(context: click.Context, short_version: bool, long_version: bool) -> None:
    """A complete backend on machines you own: PostgreSQL, GraphQL, auth, storage, functions, mail, TLS.

    \b
    Examples:
      nself init --demo --yes && nself start    a running demo in an empty folder
      nself init && nself start                 your own project
      nself status                              what runs, and is it well
      nself help db migrate                     help of any command
    """
    if context.invoked_subcommand:
        return
    if short_version or long_version:
        from nself.cli.commands import version

        context.invoke(version.command, short=short_version)
    else:
        click.echo(context.get_help())


def main(argv: Sequence[str] | None = None) -> None:
    """Entry point of the `nself` program."""
    # What importing makes stays: looking through it for garbage would be a tenth of our time.
    gc.set_threshold(50_000)
    interruption.prepare()
    code = run(sys.argv[1:] if argv is None else list(argv), os.environ)  # noqa: TID251
    gc.freeze()  # it goes with the process anyway
    sys.exit(code)


def run(argv: list[str], environ: Any) -> int:
    """One invocation, its exit code as in the specification: 0 success, 2 usage, 3 configuration, …"""
    output = Output(
        level=LEVEL_NAMES.get(environ.get("NSELF_LOG_LEVEL", ""), Level.NORMAL), color="NO_COLOR" not in environ
    )
    app = App(environ=environ, output=output)
    output.json = "--json" in argv  # known before parsing, so that a parsing error has the right form too
    try:
        result = root.main(args=argv, prog_name="nself", standalone_mode=False, obj=app)
        app.close()
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        return _no_command(app, error)
    except click.UsageError as error:
        return _fail(app, _usage(error))
    except (click.Abort, KeyboardInterrupt) as stop:
        return _fail(app, _interrupted(stop))
    except NobodyReadsError:
        return 0
    except NselfError as error:
        return _fail(app, error)
    except Exception as error:
        if output.level >= Level.DEBUG:
            raise
        return _fail(app, _unforeseen(error))


def _no_command(app: App, error: click.exceptions.NoArgsIsHelpError) -> int:
    """A group without the word of a command: a person is shown which there are."""
    missing = UsageError("a command is missing", fixes=[f"{error.ctx.command_path} --help"])
    if app.output.json:
        return _fail(app, missing)
    error.show()
    return missing.exit_code


def _interrupted(stop: BaseException) -> InterruptedByUserError:
    """click makes its own exception of Ctrl-C, and keeps the cause."""
    fixes = ["nself status shows what is running", "the same command again goes on where this one ended"]
    return InterruptedByUserError(fixes=fixes, by=stop.__cause__ or stop)


def _usage(error: click.UsageError) -> UsageError:
    path = error.ctx.command_path if error.ctx else "nself"
    # click lists choices a line each.
    return UsageError(" ".join(error.format_message().split()), fixes=[f"{path} --help"])


def _unforeseen(error: Exception) -> NselfError:
    return NselfError(
        f"something we did not foresee: {type(error).__name__}: {error}",
        fixes=["run the same command with --debug and report what it prints", "nself doctor"],
    )


def _fail(app: App, error: NselfError) -> int:
    app.output.error(error)
    return error.exit_code
