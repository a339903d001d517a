"""What a project's settings are, where each comes from, and whether they are right. Nothing is written here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from nself.actions import derived
from nself.actions.project import inspect
from nself.errors import ConfigError, ConfigProblemsError, NselfError, Problem, UsageError
from nself.host import LocalHost
from nself.model import dotenv, json_schema
from nself.model.load import Loaded
from nself.model.project import Environment, Value
from nself.model.schema import Schema, gather, masked
from nself.model.sources import environment_named
from nself.records import dataclass
from nself.services.catalogue import settings_classes

PROJECT = "project"
"""Where a mistake is that is not one of a single key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Every value that is set, secrets masked unless revealed."""

    env: Environment
    file: str | None
    """The strongest env file that is there."""
    files: tuple[str, ...]
    config: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    """One value. `source` is `file:line`, the name of a layer, or `default`."""

    key: str
    value: str | None = field(repr=False)
    found: bool
    source: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What one layer says of a key."""

    layer: str
    file: str | None
    line: int | None
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """Everything known about one key; `layers` from the weakest to the one that wins."""

    key: str
    value: str | None = field(repr=False)
    source: str | None
    default: str | None
    in_use: str | None
    """What a service is started with, where that is worked out from the rest of the project. Never a secret."""
    type: str
    help: str
    section: str
    secret: bool
    required: bool
    aliases: tuple[str, ...]
    layers: tuple[Given, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    name: str
    type: str
    help: str
    section: str
    value: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Every key there is: `keys` by name, `known` with what a person wants to see."""

    __not_json__ = ("known",)

    keys: tuple[str, ...]
    known: tuple[Known, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    key: str
    message: str
    file: str | None
    line: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Validated:
    valid: bool
    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    key: str
    a: str = field(repr=False)
    b: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Differing:
    """Two environments side by side."""

    a: Environment
    b: Environment
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    changed: tuple[Changed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """The winning values as one env file. Secrets are left out unless revealed."""

    __not_json__ = ("text",)

    keys: tuple[str, ...]
    left_out: tuple[str, ...]
    text: str = field(repr=False)


def show(loaded: Loaded, *, reveal: bool = False) -> Shown:
    return Shown(
        env=loaded.env,
        file=next((file for file in reversed(loaded.files) if ".env" in file), None),
        files=loaded.files,
        config={key: _text(loaded, value, reveal) for key, value in loaded.cascade.values.items()},
    )


def get(loaded: Loaded, key: str, *, reveal: bool = False) -> Got:
    """One value; a key that is neither set nor known is an error naming the nearest."""
    name = canonical(loaded, key)
    value = loaded.cascade.values.get(name)
    if value is not None:
        return Got(key=name, value=_text(loaded, value, reveal), found=True, source=source(value))
    default = loaded.schema.default(name)
    return Got(key=name, value=default, found=default is not None, source=None if default is None else "default")


def explain(loaded: Loaded, key: str, *, reveal: bool = False, given: Mapping[str, str] | None = None) -> Explained:
    """`given` are the variables services are really started with: some are worked out from the rest of the project."""
    name = canonical(loaded, key)
    declared = loaded.schema.find(name)
    value = loaded.cascade.values.get(name)
    first = declared[0] if declared else None
    default = loaded.schema.default(name)
    return Explained(
        key=name,
        value=_text(loaded, value, reveal) if value else default,
        source=source(value) if value else None if default is None else "default",
        default=default,
        in_use=None if loaded.schema.is_secret(name) else (given or {}).get(name),
        type=first.type_name if first else "text",
        help=first.variable.help if first else "A variable of your own: nself passes no judgement on it.",
        section=loaded.schema.sections[first.owner] if first else "yours",
        secret=loaded.schema.is_secret(name),
        required=bool(first and first.required),
        aliases=tuple(dict.fromkeys(alias for item in declared for alias in item.variable.aliases)),
        layers=tuple(
            Given(layer=each.layer, file=each.file, line=each.line, value=_text(loaded, each, reveal))
            for each in loaded.cascade.explain(name)
        ),
    )


def listed(loaded: Loaded) -> Listed:
    """The keys of the schema, then those the project sets besides."""
    values = loaded.cascade.values
    known = [
        Known(
            name=name,
            type=items[0].type_name,
            help=items[0].variable.help,
            section=loaded.schema.sections[items[0].owner],
            value=_text(loaded, values[name], False) if name in values else loaded.schema.default(name),
        )
        for name, items in loaded.schema.declared.items()
    ]
    known += [
        Known(name=name, type="text", help="", section="yours", value=_text(loaded, value, False))
        for name, value in values.items()
        if name not in loaded.schema.declared
    ]
    return Listed(keys=tuple(each.name for each in known), known=tuple(known))


def validate(loaded: Loaded, host: LocalHost, *, strict: bool = False) -> Validated:
    """What the files say, and whether a stack can be made of it. `strict` counts warnings as errors."""
    errors = [*loaded.problems, *_unmakeable(loaded, host), *(loaded.warnings if strict else ())]
    warnings = () if strict else loaded.warnings
    return Validated(valid=not errors, errors=_findings(errors), warnings=_findings(warnings))


def _unmakeable(loaded: Loaded, host: LocalHost) -> Sequence[Problem]:
    """What is seen only when services are put together: each by itself may be right."""
    if loaded.project is None:
        return ()
    try:
        derived.remembered(loaded.project, host)
    except ConfigProblemsError as error:
        return error.problems
    except NselfError as error:
        return (Problem(path=PROJECT, message=error.message),)
    return ()


def validate_secrets(loaded: Loaded) -> Validated:
    """The same for secrets alone."""
    errors = [each for each in loaded.problems if loaded.schema.is_secret(each.path)]
    warnings = [each for each in loaded.warnings if loaded.schema.is_secret(each.path)]
    return Validated(valid=not errors, errors=_findings(errors), warnings=_findings(warnings))


def diff(directory: Path, environ: Mapping[str, str], a: str, b: str | None) -> Differing:
    """Where two environments of one project differ; `b` is the current one when not given. Secrets stay masked."""
    left, right = inspect(directory, environ, env=a), inspect(directory, environ, env=b)
    ours, theirs = left.cascade.values, right.cascade.values
    changed = [
        Changed(key=key, a=_text(left, ours[key], False), b=_text(right, theirs[key], False))
        for key in ours
        if key in theirs and ours[key].text != theirs[key].text
    ]
    return Differing(
        a=left.env,
        b=right.env,
        only_a=tuple(key for key in ours if key not in theirs),
        only_b=tuple(key for key in theirs if key not in ours),
        changed=tuple(changed),
    )


def export(loaded: Loaded, *, reveal: bool = False) -> Exported:
    left_out = [key for key in loaded.cascade.values if not reveal and loaded.schema.is_secret(key)]
    kept = {key: value.text for key, value in loaded.cascade.values.items() if key not in left_out}
    lines = [f"{key}={dotenv.quote(text)}" for key, text in kept.items()]
    lines += [f"# {key} is a secret: --reveal writes it" for key in left_out]
    return Exported(keys=tuple(kept), left_out=tuple(left_out), text="\n".join(lines) + "\n")


def schema(*, document: bool = False) -> dict[str, Any]:
    """The JSON Schema of all variables, or of nself.yml."""
    return json_schema.document() if document else json_schema.variables(full_schema())


def environment(word: str) -> Environment:
    """The environment a word means; UsageError for one that means none."""
    found = environment_named(word)
    if found is None:
        raise UsageError(f"there is no environment {word!r}", fixes=[f"--env {name}" for name in Environment])
    return found


def full_schema() -> Schema:
    """Everything any project may set."""
    return gather(settings_classes())


def canonical(loaded: Loaded, key: str) -> str:
    """The name a key is kept under; ConfigError with the nearest when nothing sets or declares it."""
    name = loaded.schema.canonical(key)
    if name in loaded.cascade.values or loaded.schema.knows(name):
        return name
    raise unknown(loaded.schema, key, loaded.cascade.values)


def unknown(schema: Schema, key: str, set_keys: Iterable[str] = ()) -> ConfigError:
    near = schema.nearest(key, among=set_keys)
    fixes = [f"did you mean {near}? nself config explain {near}"] if near else []
    return ConfigError(f"there is no setting {key}", fixes=[*fixes, "nself config list"])


def source(value: Value) -> str:
    if value.file is None:
        return value.layer
    return value.file if value.line is None else f"{value.file}:{value.line}"


def _text(loaded: Loaded, value: Value, reveal: bool) -> str:
    return value.text if reveal or not loaded.schema.is_secret(value.key) else masked(value.text)


def _findings(problems: Iterable[Problem]) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            key=problem.path,
            message=problem.message + (f" ({problem.hint})" if problem.hint else ""),
            file=problem.file,
            line=problem.line,
        )
        for problem in problems
    )
