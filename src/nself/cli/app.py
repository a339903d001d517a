"""What every command is handed: the project, the machine, the voice. And the decorator that makes a command."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from inspect import cleandoc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nself.cli.output import Level, Output
from nself.errors import UsageError

if TYPE_CHECKING:
    from nself.actions.kept import Kept
    from nself.host import LocalHost
    from nself.model.project import Project
    from nself.model.spec import Runtime

Callback = Callable[..., Any]


class App:
    """One invocation. Global options may stand before or after the command's name; the last one wins."""

    def __init__(self, *, environ: Mapping[str, str], output: Output) -> None:
        self.environ, self.output = environ, output
        self.directory = Path()
        self.env: str | None = None
        self.runtime: Runtime | None = None
        self.assume_yes = False
        self._kept: Kept | None = None

    @cached_property
    def host(self) -> LocalHost:
        from nself.host import LocalHost

        return LocalHost(self.emit)

    @cached_property
    def project(self) -> Project:
        """The project of the current folder or the nearest one above; its warnings are said once."""
        from nself.actions import kept

        self._kept = kept.load(self.directory, self.environ, self.host, (self.env, self.runtime))
        for warning in self._kept.project.warnings:
            self.output.warn(str(warning))
        return self._kept.project

    def close(self) -> None:
        """At a command's end: what it learnt of the project is the next one's, too."""
        if self._kept:
            from nself.actions import kept

            kept.keep(self._kept, self.host)

    def emit(self, event: Any) -> None:
        self.output.event(event)

    def confirm(self, question: str, *, consequence: str = "") -> None:
        """Ask before something that matters. Without a terminal the answer must come as --yes: never a hang."""
        if self.assume_yes:
            return
        if not self.output.interactive:
            raise UsageError(
                f"{consequence} {question} There is no terminal to ask on.".strip(),
                fixes=["add --yes if that is what you want", "see --help"],
            )
        if not self.output.ask(f"{consequence} {question}".strip()):
            raise UsageError("nothing was changed: you said no")


pass_app = click.make_pass_decorator(App)


def verb(*, section: str = "", result: str = "", **attributes: Any) -> Callable[[Callback], Command]:
    """`@verb(short_help=..., section=...)`: a click command that also understands the global options.

    `result` names the class whose fields --json prints (`nself.actions.start:Started`): the documented shape.
    """

    def decorate(callback: Callback) -> Command:
        made = click.command(cls=Command, **attributes)(callback)
        made.section, made.result = section, result
        return made

    return decorate


def group(*, section: str = "", **attributes: Any) -> Callable[[Callback], Group]:
    """A command with sub-commands; `invoke_without_command=True` lets the bare word do something."""

    def decorate(callback: Callback) -> Group:
        made = click.group(cls=Group, **attributes)(callback)
        made.section = section
        return made

    return decorate


def set_on_app(apply: Callable[[App, Any], None]) -> Callable[[click.Context, click.Parameter, Any], None]:
    def callback(context: click.Context, parameter: click.Parameter, value: Any) -> None:
        if value is not None and value is not False:
            apply(context.ensure_object(App), value)

    return callback


def _directory(app: App, value: Path) -> None:
    app.directory = value


def _env(app: App, value: str) -> None:
    app.env = value


def _runtime(app: App, value: str) -> None:
    from nself.model.spec import Runtime

    app.runtime = Runtime(value)


def _yes(app: App, value: bool) -> None:
    app.assume_yes = True


def _json(app: App, value: bool) -> None:
    app.output.json = True


def _level(level: Level) -> Callable[[App, bool], None]:
    def apply(app: App, value: bool) -> None:
        app.output.level = level

    return apply


def _no_color(app: App, value: bool) -> None:
    app.output.color = False


def global_options() -> list[click.Option]:
    """The options of every command, fresh objects each time because click keeps state on them."""

    def flag(names: list[str], apply: Callable[[App, Any], None], help: str) -> click.Option:
        return GlobalOption(
            names, is_flag=True, expose_value=False, is_eager=True, help=help, callback=set_on_app(apply)
        )

    return [
        GlobalOption(
            ["-C", "--project"],
            type=click.Path(path_type=Path),
            metavar="DIR",
            expose_value=False,
            is_eager=True,
            help="Act as if started in DIR.",
            callback=set_on_app(_directory),
        ),
        GlobalOption(
            ["--env"],
            metavar="NAME",
            expose_value=False,
            is_eager=True,
            help="Act on this environment: dev, staging, prod.",
            callback=set_on_app(_env),
        ),
        GlobalOption(
            ["--runtime"],
            type=click.Choice(["native", "compose"]),
            expose_value=False,
            is_eager=True,
            help="Act on this runtime, whatever nself.yml says; init writes it there.",
            callback=set_on_app(_runtime),
        ),
        flag(["--json"], _json, "Machine output on stdout, nothing else there."),
        flag(["-q", "--quiet"], _level(Level.QUIET), "Errors only."),
        flag(["--verbose"], _level(Level.VERBOSE), "Say more."),
        flag(["--debug"], _level(Level.DEBUG), "Say everything, external commands included."),
        flag(["-y", "--yes"], _yes, "Answer yes to questions (never opens a production guard)."),
        flag(["--no-color"], _no_color, "No colours; also NO_COLOR."),
    ]


class GlobalOption(click.Option):
    """Shown under its own heading, so that a command's own options stand out."""


class _WithGlobals(click.Command):
    section = ""
    result = ""

    def __init__(self, *args: Any, result: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.result = result
        taken = {name for option in self.params for name in option.opts}
        self.params += [option for option in global_options() if not taken & set(option.opts)]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        own: list[tuple[str, str]] = []
        shared: list[tuple[str, str]] = []
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record:
                (shared if isinstance(parameter, GlobalOption) else own).append(record)
        with formatter.section("Options"):
            formatter.write_dl(own)
        if isinstance(self, click.Group):
            self.format_commands(ctx, formatter)
        with formatter.section("Global options"):
            formatter.write_dl(shared)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_paragraph()
        formatter.write_text(cleandoc(self.help or "").replace("\f", ""))


class Command(_WithGlobals):
    pass


class Group(_WithGlobals, click.Group):
    command_class = Command
    aliases: Collection[str] = ()
    """Words that mean a command beside their names."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            from difflib import get_close_matches

            path, *above = ctx.command_path.split()
            near = get_close_matches(name, [*self.list_commands(ctx), *self.aliases], n=2, cutoff=0.5)
            raise UsageError(
                f"there is no command `{' '.join([path, *above, name]) if above else name}`",
                fixes=[*(f"{ctx.command_path} {word}" for word in near), f"{path} {' '.join(['help', *above])}"],
            )
        return super().resolve_command(ctx, args)
