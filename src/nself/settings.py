"""Typed settings from environment variables: one declaration serves the server, the renderer and the docs.

A settings class is a frozen dataclass whose fields are made by `env(...)`:

    @dataclass(frozen=True, slots=True, kw_only=True)
    class MailSettings:
        smtp_port: int = env("MAIL_SMTP_PORT", default=1025, help="SMTP port of the development inbox.")

`from_env(MailSettings, environ)` reads it, `to_env(settings)` writes it back, `describe(MailSettings)` documents it.
Field types: str, int, float, bool, StrEnum, tuple[str, ...] (comma list), JsonObject, JsonObjects, and `X | None` of
each.
"""

from __future__ import annotations

import dataclasses
import json
import re
import sys
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from enum import Enum, StrEnum
from functools import cache
from typing import Any, NewType, TypeVar

from nself.errors import ConfigProblemsError, Problem
from nself.records import dataclass

T = TypeVar("T")

JsonObject = NewType("JsonObject", dict[str, Any])
"""A setting whose text is a JSON object (`HASURA_GRAPHQL_JWT_SECRET`)."""
JsonObjects = NewType("JsonObjects", list[dict[str, Any]])
"""A setting whose text is a JSON array of objects (`HASURA_GRAPHQL_JWT_SECRETS`)."""

_SPEC = "nself.env"
_WHOLE = "nself.whole_env"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=-]*")
REQUIRED = dataclasses.MISSING
TRUE = frozenset({"true", "1", "yes", "on", "t", "y"})
FALSE = frozenset({"false", "0", "no", "off", "f", "n"})


class Form(str):
    """A `pattern` with the words a person is told in its place: `expected {words}, got …`."""

    __slots__ = ("words",)
    words: str

    def __new__(cls, pattern: str, words: str) -> Form:
        form = super().__new__(cls, pattern)
        form.words = words
        return form


IMAGE = Form(r"[A-Za-z0-9][A-Za-z0-9._/:@-]*", "a container image, as redis:7.4-alpine")
TAG = Form(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", "an image's tag, as 7.4-alpine")
ROUTE = Form(
    r"|[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*\.?",
    "a label (api), or a full host with a dot at its end (api.example.com.)",
)
"""Empty for the domain itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """What is declared about one environment variable. `aliases` are older spellings, read but never written."""

    name: str
    help: str = ""
    aliases: tuple[str, ...] = ()
    secret: bool = False
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    example: str | None = None
    generate: int = 0
    """For a secret: how many random URL-safe characters `nself init` makes for it; 0 leaves it to the user."""


def env(
    name: str,
    *,
    default: Any = REQUIRED,
    help: str = "",
    aliases: tuple[str, ...] = (),
    secret: bool = False,
    minimum: float | None = None,
    maximum: float | None = None,
    pattern: str | None = None,
    example: str | None = None,
    generate: int = 0,
) -> Any:
    """A dataclass field read from environment variable `name`. Without `default` the variable is required."""
    variable = Variable(
        name=name, help=help, aliases=aliases, secret=secret, minimum=minimum, maximum=maximum, pattern=pattern,
        example=example,
        generate=generate,
    )  # fmt: skip
    return dataclasses.field(default=default, repr=not secret, metadata={_SPEC: variable})


def whole_env() -> Any:
    """A dataclass field that takes the environment as it is, for a server whose users name variables of their own in
    what they configure (`{"from_env": "BILLING_URL"}`). Not written back, not documented, not shown."""
    return dataclasses.field(default_factory=dict, repr=False, compare=False, metadata={_WHOLE: True})


@dataclass(frozen=True, slots=True)
class Declared:
    """One field of a settings class, for documentation and checks."""

    field: str
    variable: Variable
    default: Any
    owner: type

    @property
    def type(self) -> Any:
        """Read from its annotation only when it is asked for: most variables of most projects are not set."""
        return _type(self.owner, self.field)

    @property
    def required(self) -> bool:
        return self.default is REQUIRED

    @property
    def type_name(self) -> str:
        base, optional = _unwrap(self.type)
        if isinstance(base, type) and issubclass(base, Enum):
            name = " | ".join(str(member.value) for member in base)
        elif base is JsonObject:
            name = "JSON object"
        elif base is JsonObjects:
            name = "JSON array of objects"
        elif typing.get_origin(base) is tuple:
            name = "comma-separated list"
        else:
            name = {str: "text", int: "whole number", float: "number", bool: "true | false"}[base]
        return f"{name} (optional)" if optional else name


def describe(cls: type) -> tuple[Declared, ...]:
    """Every variable of a settings class, in the order of declaration."""
    return _described(cls)


@cache
def _described(cls: type) -> tuple[Declared, ...]:
    return tuple(
        Declared(field.name, field.metadata[_SPEC], field.default, cls)
        for field in dataclasses.fields(cls)
        if _SPEC in field.metadata
    )


@cache
def _type(cls: type, field: str) -> Any:
    """What `typing.get_type_hints` says of one field; of all of them it takes as long as reading a whole project."""
    declaring = next(base for base in cls.__mro__ if field in vars(base).get("__annotations__", {}))
    alone = type(cls.__name__, (), {"__annotations__": {field: declaring.__annotations__[field]}})
    return typing.get_type_hints(alone, vars(sys.modules[declaring.__module__]), vars(declaring))[field]


@cache
def _whole(cls: type) -> tuple[str, ...]:
    """The fields that take the environment as it is."""
    return tuple(field.name for field in dataclasses.fields(cls) if _WHOLE in field.metadata)


def from_env(cls: type[T], environ: Mapping[str, str], **computed: Any) -> T:
    """Read `cls` from `environ`; `computed` fills fields whose variable is absent. Reports every problem at once."""
    values: dict[str, Any] = {**{field: dict(environ) for field in _whole(cls)}, **computed}  # type: ignore[arg-type]
    problems: list[Problem] = []
    for declared in describe(cls):
        name, text = _lookup(declared.variable, environ)
        if text is None:
            if declared.required and declared.field not in computed:
                problems.append(Problem(path=declared.variable.name, message="is required but not set"))
            continue
        try:
            values[declared.field] = parse(declared, text)
        except ValueError as error:
            problems.append(Problem(path=name, message=str(error)))
    if problems:
        raise ConfigProblemsError(problems)
    return cls(**values)


def to_env(settings: Any) -> dict[str, str]:
    """The variables that make `from_env` return an equal object. Fields at their default are left out."""
    out = {}
    for declared in describe(type(settings)):
        value = getattr(settings, declared.field)
        if value is not None and (declared.required or value != declared.default):
            out[declared.variable.name] = as_text(value)
    return out


def to_file(pairs: Mapping[str, str]) -> str:
    """The text of an env file: `NAME=text`, one a line; what a line cannot carry as it is stands as a JSON string."""
    wrong = [name for name in pairs if not _NAME.fullmatch(name)]
    if wrong:
        raise ConfigProblemsError([Problem(path=repr(name), message="cannot be a variable's name") for name in wrong])
    return "".join(f"{name}={_quoted(pairs[name])}\n" for name in sorted(pairs))


def from_file(text: str) -> dict[str, str]:
    """The variables of a file that `to_file` wrote; comment lines are passed over."""
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    pairs = dict(line.split("=", 1) for line in lines)
    return {name: json.loads(value) if value.startswith('"') else value for name, value in pairs.items()}


def secrets_of(cls: type) -> frozenset[str]:
    """Names of the variables of `cls` that hold secrets."""
    return frozenset(declared.variable.name for declared in describe(cls) if declared.variable.secret)


def parse(declared: Declared, text: str) -> Any:
    """The typed value of `text`; ValueError says what was expected and, unless it is a secret, what was found."""
    shown = "a secret of the wrong form" if declared.variable.secret else json.dumps(text, ensure_ascii=False)
    base, optional = _unwrap(declared.type)
    if optional and text == "":
        return None
    value = _convert(base, text, shown)
    _check_bounds(declared.variable, value, shown)
    return value


def as_text(value: Any) -> str:
    """The text of a setting as an environment variable carries it."""
    match value:
        case bool():
            return "true" if value else "false"
        case Enum():
            return str(value.value)
        case tuple():
            return ",".join(str(item) for item in value)
        case dict() | list():
            return json.dumps(value, separators=(",", ":"), sort_keys=True)
        case _:
            return str(value)


def _quoted(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else json.dumps(value)


def _lookup(variable: Variable, environ: Mapping[str, str]) -> tuple[str, str | None]:
    for name in (variable.name, *variable.aliases):
        if name in environ:
            return name, environ[name]
    return variable.name, None


def _unwrap(hint: Any) -> tuple[Any, bool]:
    """`int | None` -> (int, True)."""
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        rest = [arg for arg in typing.get_args(hint) if arg is not type(None)]
        return rest[0], True
    return hint, False


def _convert(base: Any, text: str, shown: str) -> Any:
    if isinstance(base, type) and issubclass(base, StrEnum):
        return _member(base, text, shown)
    if typing.get_origin(base) is tuple:
        return tuple(item.strip() for item in text.split(",") if item.strip())
    return _CONVERT[base](text, shown)


def _member(enum: type[StrEnum], text: str, shown: str) -> StrEnum:
    try:
        return enum(text.strip().lower())
    except ValueError:
        raise ValueError(f"expected one of {', '.join(enum)}, got {shown}") from None


def _bool(text: str, shown: str) -> bool:
    word = text.strip().lower()
    if word in TRUE:
        return True
    if word in FALSE:
        return False
    raise ValueError(f"expected true or false, got {shown}")


def _number(kind: Callable[[str], Any], noun: str) -> Callable[[str, str], Any]:
    def convert(text: str, shown: str) -> Any:
        try:
            return kind(text.strip())
        except ValueError:
            raise ValueError(f"expected {noun}, got {shown}") from None

    return convert


def _json_object(text: str, shown: str) -> JsonObject:
    try:
        value = json.loads(text)
    except ValueError:
        raise ValueError("expected a JSON object, got text that is not JSON") from None
    if not isinstance(value, dict):
        raise ValueError(f"expected a JSON object, got a JSON {type(value).__name__}")
    return JsonObject(value)


def _json_objects(text: str, shown: str) -> JsonObjects:
    try:
        value = json.loads(text)
    except ValueError:
        raise ValueError("expected a JSON array of objects, got text that is not JSON") from None
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ValueError("expected a JSON array of objects")
    return JsonObjects(value)


_CONVERT: dict[Any, Callable[[str, str], Any]] = {
    str: lambda text, shown: text,
    int: _number(int, "a whole number"),
    float: _number(float, "a number"),
    bool: _bool,
    JsonObject: _json_object,
    JsonObjects: _json_objects,
}


def _check_bounds(variable: Variable, value: Any, shown: str) -> None:
    form = variable.pattern
    if form and not re.fullmatch(form, str(value)):
        words = form.words if isinstance(form, Form) else f"text of the form {form}"
        raise ValueError(f"expected {words}, got {shown}")
    low, high = variable.minimum, variable.maximum
    size = len(value) if isinstance(value, str) else value
    unit = " characters" if isinstance(value, str) else ""
    if low is not None and size < low:
        raise ValueError(f"expected at least {low:g}{unit}, got {size if isinstance(value, str) else shown}")
    if high is not None and size > high:
        raise ValueError(f"expected at most {high:g}{unit}, got {size if isinstance(value, str) else shown}")


def declared_names(classes: Iterator[type] | tuple[type, ...]) -> frozenset[str]:
    """Every variable name and alias that the classes know."""
    return frozenset(
        name for cls in classes for item in describe(cls) for name in (item.variable.name, *item.variable.aliases)
    )
