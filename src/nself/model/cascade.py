"""Which value wins: layers of entries -> one value a variable, references resolved, the losers remembered.

    nself.yml < .env.dev < .env.<env> < .environments/<env>/.env < .env.local (dev) < .env.secrets
      < .environments/<env>/.env.secrets < .env < process environment < NSELF_VAR_* < --set

`${NAME}` means the winning value of NAME; in NAME's own text it means the value one layer below. What no layer sets
is looked for in the process environment, then among the built-in defaults.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field

from nself.errors import Problem
from nself.model.dotenv import KEY, Parts, Reference
from nself.model.project import Environment, Value
from nself.model.schema import Schema
from nself.records import dataclass

_DEEPEST = 50
_LARGEST = 4 * 1024 * 1024
"""Characters that all references of a project may expand to together: far above use, far below harm."""

PREFIX = "NSELF_VAR_"
_PREFIXED = re.compile(rf"{PREFIX}{KEY.pattern}")

PRIVATE = re.compile(r"\.env(\.local|\.secrets)?|\.environments/[^/]+/\.env\.secrets")
"""Files that hold secrets: never committed, readable by their owner only."""

ENV_FILE = ".env"
SECRETS_FILE = ".env.secrets"


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """One assignment in a layer. `written` is the user's own spelling, `key` the canonical one."""

    key: str
    written: str
    parts: Parts = field(repr=False)
    line: int | None = None
    file: str | None = None
    """Only when it differs from the layer's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    name: str
    file: str | None = None
    entries: Mapping[str, Raw] = field(default_factory=dict, repr=False)


def files(env: Environment, *, legacy: bool = False) -> list[str]:
    """The env files of one environment, weakest first. `legacy` lets prod inherit staging's, as the old program did."""
    named = [f".env.{env}"] if env is not Environment.DEV else []
    inherited = [f".env.{Environment.STAGING}"] if legacy and env is Environment.PROD else []
    local = [".env.local"] if env is Environment.DEV else []
    folder = f".environments/{env}"
    return [
        ".env.dev", *inherited, *named, f"{folder}/.env", *local, SECRETS_FILE, f"{folder}/.env.secrets", ENV_FILE,
    ]  # fmt: skip


def process_layers(environ: Mapping[str, str], overrides: Iterable[tuple[str, str]], schema: Schema) -> list[Layer]:
    """What the process environment and the command line set: known names, `NSELF_VAR_*`, `--set`."""
    known = {key: environ[key] for key in environ if schema.knows(key)}
    prefixed = {key.removeprefix(PREFIX): environ[key] for key in environ if _PREFIXED.fullmatch(key)}
    groups = (("process environment", known), ("NSELF_VAR_*", prefixed), ("--set", dict(overrides)))
    return [literal_layer(name, pairs, schema) for name, pairs in groups]


def literal_layer(name: str, pairs: Mapping[str, str], schema: Schema) -> Layer:
    raws = [Raw(key=schema.canonical(key), written=key, parts=(text,)) for key, text in pairs.items()]
    return Layer(name=name, entries={raw.key: raw for raw in raws})


class Cascade:
    """The layers of a project, weakest first. `values` is what won; problems and warnings gather while resolving."""

    def __init__(self, layers: Sequence[Layer], schema: Schema, environ: Mapping[str, str]) -> None:
        self.schema = schema
        self.environ = environ
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self._stacks: dict[str, list[tuple[Layer, Raw]]] = {}
        for layer in layers:
            for key, raw in layer.entries.items():
                self._stacks.setdefault(key, []).append((layer, raw))
        self._resolved: dict[tuple[str, int], str] = {}
        self._resolving: list[tuple[str, int]] = []
        self._expanded = 0
        self.values: dict[str, Value] = {
            key: self._value(key, len(stack) - 1) for key, stack in sorted(self._stacks.items())
        }

    def explain(self, key: str) -> tuple[Value, ...]:
        """Every value that some layer gives `key`, the winner last."""
        return tuple(self._value(key, index) for index in range(len(self._stacks.get(key, ()))))

    def written(self, key: str) -> str:
        """The user's own spelling of a key, for problems about it."""
        return self._stacks[key][-1][1].written if key in self._stacks else key

    def _value(self, key: str, index: int) -> Value:
        layer, raw = self._stacks[key][index]
        text = self._resolve(key, index)
        return Value(key=key, text=text, layer=layer.name, file=raw.file or layer.file, line=raw.line)

    def _resolve(self, key: str, index: int) -> str:
        place = (key, index)
        if place in self._resolved:
            return self._resolved[place]
        if place in self._resolving or len(self._resolving) >= _DEEPEST:
            chain = " -> ".join([*(name for name, _ in self._resolving[-5:]), key])
            what = "refers to itself" if place in self._resolving else "is a chain of too many references"
            self._complain(self.problems, key, index, f"{what}: {chain}")
            return ""
        self._resolving.append(place)
        text = self._expand(self._stacks[key][index][1].parts, key, index)
        self._resolving.pop()
        self._resolved[place] = text
        return text

    def _expand(self, parts: Parts, key: str, index: int) -> str:
        return "".join(part if isinstance(part, str) else self._refer(part, key, index) for part in parts)

    def _refer(self, reference: Reference, key: str, index: int) -> str:
        text = self._look_up(self.schema.canonical(reference.name), reference.name, key, index)
        if not text and reference.default is not None:
            text = self._expand(reference.default, key, index)
        if text is None:
            message = f"refers to {reference.name}, which nothing sets: taken as empty"
            self._complain(self.warnings, key, index, message, self.schema.nearest(reference.name))
            return ""
        self._expanded += len(text)
        if self._expanded > _LARGEST:
            if self._expanded - len(text) <= _LARGEST:
                self._complain(self.problems, key, index, "the references of this project expand to too much text")
            return ""
        return text

    def _look_up(self, name: str, written: str, key: str, index: int) -> str | None:
        below = index - 1 if name == key else len(self._stacks.get(name, ())) - 1
        if below >= 0:
            return self._resolve(name, below)
        found = self.environ.get(written)
        return found if found is not None else self.schema.default(name)

    def _complain(self, to: list[Problem], key: str, index: int, message: str, meant: str | None = None) -> None:
        layer, raw = self._stacks[key][index]
        hint = f"did you mean {meant}?" if meant else None
        problem = Problem(path=raw.written, message=message, file=raw.file or layer.file, line=raw.line, hint=hint)
        if problem not in to:
            to.append(problem)
