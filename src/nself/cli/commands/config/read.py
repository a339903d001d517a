"""`nself config show|get|list|explain|validate|diff|export|schema`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line, Styled, Table
from nself.errors import NselfError

if TYPE_CHECKING:
    from nself.actions.config.read import Differing, Explained, Exported, Got, Listed, Shown, Validated
    from nself.model.load import Loaded

reveal_option = click.option("--reveal", is_flag=True, help="Show secrets in full.")


@verb(short_help="Every value that is set.", result="nself.actions.config.read:Shown")
@reveal_option
@pass_app
def show(app: App, reveal: bool) -> None:
    """Every value that some file or variable sets, after the cascade. Secrets are masked.

    \b
    Examples:
      nself config show
      nself config show --env prod --json
    """
    from nself.actions.config import read as config

    def human(found: Shown) -> Iterator[Line]:
        yield f"# {found.env}, from {', '.join(found.files) or 'no file'}"
        yield from (f"{key}={text}" for key, text in found.config.items())

    loaded = inspect(app, reveal)
    app.output.result(config.show(loaded, reveal=reveal), human)


@verb(short_help="One value.", result="nself.actions.config.read:Got")
@click.argument("key")
@reveal_option
@pass_app
def get(app: App, key: str, reveal: bool) -> None:
    """The value of one key, its default when nothing sets it. An unknown key exits 3 and names the nearest.

    \b
    Example:
      nself config get BASE_DOMAIN
    """
    from nself.actions.config import read as config

    def human(found: Got) -> Iterator[Line]:
        yield found.value or ""

    loaded = inspect(app, reveal)
    app.output.result(config.get(loaded, key, reveal=reveal), human)


@verb(name="list", short_help="Every key there is.", result="nself.actions.config.read:Listed")
@pass_app
def list_keys(app: App) -> None:
    """Every key that nself knows, with its value here.

    \b
    Example:
      nself config list
    """
    from nself.actions.config import read as config

    def human(found: Listed) -> Iterator[Line]:
        yield Table(
            ("KEY", "VALUE", "TYPE", "MEANING"),
            [(each.name, each.value or "-", each.type, each.help) for each in found.known],
        )

    app.output.result(config.listed(inspect(app)), human)


@verb(short_help="Where a value comes from and what it means.", result="nself.actions.config.read:Explained")
@click.argument("key")
@reveal_option
@pass_app
def explain(app: App, key: str, reveal: bool) -> None:
    """Which file won, what every other layer says, the default, the type and the documentation of a key.

    \b
    Example:
      nself config explain POSTGRES_PORT
    """
    from nself.actions.config import read as config

    loaded = inspect(app, reveal)
    app.output.result(config.explain(loaded, key, reveal=reveal, given=_given(app, loaded)), _explained)


@verb(short_help="Check every file of the project.", result="nself.actions.config.read:Validated")
@click.option("--strict", is_flag=True, help="Count warnings as errors.")
@pass_app
def validate(app: App, strict: bool) -> int:
    """Check all files and report every mistake at once. Exits 1 when there is one.

    \b
    Examples:
      nself config validate
      nself config validate --env prod --strict --json
    """
    from nself.actions.config import read as config

    found = config.validate(inspect(app), app.host, strict=strict)
    app.output.result(found, report)
    return 0 if found.valid else 1


@verb(short_help="Where two environments differ.", result="nself.actions.config.read:Differing")
@click.argument("first", metavar="ENV")
@click.argument("second", metavar="[ENV2]", required=False)
@pass_app
def diff(app: App, first: str, second: str | None) -> None:
    """Which keys only one of two environments sets, and which they set differently. Secrets are masked.

    \b
    Examples:
      nself config diff staging prod
      nself config diff prod           against the current environment
    """
    from nself.actions.config import read as config

    a = config.environment(first)
    b = config.environment(second) if second else None
    app.output.result(config.diff(app.directory, app.environ, a, b or app.env), _differences)


@verb(short_help="The values as one env file.", result="nself.actions.config.read:Exported")
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="Write it there (0600).")
@click.option("--reveal", is_flag=True, help="Write secrets too; they are left out otherwise.")
@pass_app
def export(app: App, output: Path | None, reveal: bool) -> None:
    """Every winning value as one env file, on stdout or to a file.

    \b
    Examples:
      nself config export > shop.env
      nself config export --reveal --output shop.env
    """
    from nself.actions.config import read as config

    done = config.export(inspect(app, reveal), reveal=reveal)
    if output is not None:
        app.host.write(output, done.text, mode=0o600)

    def human(found: Exported) -> Iterator[Line]:
        yield f"wrote {len(found.keys)} values to {output}" if output else found.text.rstrip("\n")

    app.output.result(done, human)


@verb(short_help="JSON Schema of all keys.")
@click.option("--nself-yml", "document", is_flag=True, help="Of nself.yml instead of the variables.")
@pass_app
def schema(app: App, document: bool) -> None:
    """The JSON Schema of every variable, or of nself.yml: for editors and other programs. Needs no project.

    \b
    Examples:
      nself config schema > variables.schema.json
      nself config schema --nself-yml
    """
    from nself.actions.config import read as config

    app.output.text(json.dumps(config.schema(document=document), indent=2, ensure_ascii=False))


def inspect(app: App, reveal: bool = False) -> Loaded:
    """The project with its problems: one with mistakes can still be looked at."""
    from nself.actions import project
    from nself.model.project import Environment

    loaded = project.inspect(app.directory, app.environ, env=app.env, host=app.host)
    if reveal and loaded.env is Environment.PROD:
        app.confirm("Show them?", consequence="This prints secrets of prod.")
    return loaded


def report(found: Validated) -> Iterator[Line]:
    """What a check found, mistakes before warnings."""
    for mark, color, findings in (("✗", "red", found.errors), ("!", "yellow", found.warnings)):
        for each in findings:
            where = f"{each.file}:{each.line}: " if each.line else f"{each.file}: " if each.file else ""
            what = "" if each.key == each.file else f"{each.key}: "
            yield Styled(f"{mark} {where}{what}{each.message}", color)
    yield Styled("✓ valid", "green") if found.valid else Styled("✗ not valid", "red")
    yield f"  errors: {len(found.errors)}, warnings: {len(found.warnings)}"


def _given(app: App, loaded: Loaded) -> dict[str, str]:
    """The variables of all services; none when the project cannot be worked out yet."""
    from nself.actions import derived

    try:
        specs = derived.remembered(loaded.checked(), app.host).specs
    except NselfError:
        return {}
    return {name: text for spec in specs for name, text in spec.env.items()}


def _explained(found: Explained) -> Iterator[Line]:
    yield Styled(f"{found.key}={found.value if found.value is not None else '(not set)'}", "bold")
    if found.help:
        yield f"  {found.help}"
    facts = [("from", found.source or "nothing sets it"), ("type", found.type), ("section", found.section)]
    facts += [("default", found.default)] if found.default is not None else []
    if found.in_use is not None and found.in_use != found.value:
        facts.append(("in use", f"{found.in_use} (worked out from the rest of the project)"))
    facts += [("also read as", ", ".join(found.aliases))] if found.aliases else []
    facts += [("secret", "yes: shown masked")] if found.secret else []
    yield from (f"  {name:<13}{text}" for name, text in facts)
    for number, layer in enumerate(found.layers, 1):
        where = f"{layer.file}:{layer.line}" if layer.file else layer.layer
        mark = "won" if number == len(found.layers) else "lost"
        yield f"  {number}. {where}  {layer.value}  ({mark})"


def _differences(found: Differing) -> Iterator[Line]:
    rows = [(key, "set", "-") for key in found.only_a] + [(key, "-", "set") for key in found.only_b]
    rows += [(each.key, each.a, each.b) for each in found.changed]
    yield Table(("KEY", found.a.value, found.b.value), sorted(rows))
    if not rows:
        yield f"{found.a} and {found.b} say the same"


COMMANDS = (show, get, list_keys, explain, validate, diff, export, schema)
