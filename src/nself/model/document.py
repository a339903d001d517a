"""nself.yml -> typed settings: what a project is made of, as opposed to what differs between environments.

The fields are declared like environment variables, with a dotted path for a name: one declaration serves reading,
checks, documentation and the JSON Schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from enum import StrEnum

from nself import settings
from nself.errors import ConfigProblemsError, Problem
from nself.model import nodes
from nself.model.cascade import Layer, Raw
from nself.model.keys import AutoscaleSettings, CustomServiceSettings, FrontendSettings, ScaleSettings
from nself.model.nodes import Items, Node, Scalar, Table
from nself.model.project import Engine
from nself.model.schema import Schema
from nself.model.spec import Runtime
from nself.records import dataclass
from nself.settings import Declared, describe, env

FILES = ("nself.yml", ".nself.yml")
LATER = ("kubernetes", "helm", "providers", "sync", "deploy", "hooks", "resources")
"""Sections of the format that no command of this version reads."""


class CascadeOrder(StrEnum):
    STANDARD = "standard"
    LEGACY = "legacy"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSettings:
    """The keys of nself.yml outside of its lists of services and frontends."""

    version: str = env("version", default="1", pattern="1", help="Version of this file's format.")
    name: str | None = env("project.name", default=None, help="Name of the project; PROJECT_NAME wins over it.")
    description: str | None = env("project.description", default=None, help="One line about the project.")
    default_env: str | None = env(
        "environments.default", default=None, help="Environment when neither the shell nor an env file names one."
    )
    runtime: Runtime = env("runtime", default=Runtime.NATIVE, help="How the stack runs.")
    engine: Engine = env("engine", default=Engine.NSELF, help="Whose GraphQL, auth and storage servers run.")
    cascade: CascadeOrder = env(
        "cascade", default=CascadeOrder.STANDARD, help="legacy: prod also inherits .env.staging, as it once did."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of `services:`, `frontends:` or `scale:`: its texts by YAML key, and where each stands."""

    name: str
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    lines: Mapping[str, int] = field(default_factory=dict)
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What nself.yml says. Without the file it is all defaults."""

    settings: DocumentSettings = field(default_factory=DocumentSettings)
    services: tuple[Entry, ...] = ()
    frontends: tuple[Entry, ...] = ()
    scale: tuple[Entry, ...] = ()
    autoscale: tuple[Entry, ...] = ()
    file: str | None = None
    lines: Mapping[str, int] = field(default_factory=dict)

    def line(self, path: str) -> int | None:
        return self.lines.get(path)

    def layer(self, schema: Schema) -> Layer:
        """The document's own variables, as the weakest layer of the cascade."""
        pairs = {
            "PROJECT_NAME": ("project.name", self.settings.name),
            "PROJECT_DESCRIPTION": ("project.description", self.settings.description),
        }
        raws = [
            Raw(key=key, written=path, parts=(text,), line=self.line(path))
            for key, (path, text) in pairs.items()
            if text is not None
        ]
        return Layer(name=self.file or FILES[0], file=self.file, entries={raw.key: raw for raw in raws})


LISTS: Mapping[str, type] = {
    "services": CustomServiceSettings,
    "frontends": FrontendSettings,
    "scale": ScaleSettings,
    "autoscale": AutoscaleSettings,
}
_LEFT_OUT = {"definition", "legacy_name", "legacy_type", "env_pairs", "name"}
"""Fields that in YAML are the entry's own name, or that its plain form replaces."""


def fields_of(section: str) -> dict[str, Declared]:
    """{YAML key: declaration} of one entry of `services:` and its like. `CS_N_DEPENDS_ON` is `depends_on` there."""
    found = [item for item in describe(LISTS[section]) if item.field not in _LEFT_OUT]
    return {item.variable.name.partition("_N_")[2].lower(): item for item in found}


def extra_fields(section: str) -> tuple[str, ...]:
    """Fields of an entry that have no variable of their own."""
    return ("template", "env") if section == "services" else ()


def parse(text: str, file: str) -> tuple[Document, list[Problem], list[Problem]]:
    """The document, its problems and its warnings; what is broken is left at its default."""
    table, problems = nodes.parse(text, file)
    reader = _Reader(file, problems)
    lists = {section: reader.entries(section, table) for section in LISTS}
    settings_found, lines = reader.settings(table)
    document = Document(settings=settings_found, **lists, file=file, lines=lines)
    return document, reader.problems, reader.warnings


class _Reader:
    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.file = file
        self.problems = problems
        self.warnings: list[Problem] = []

    def settings(self, table: Table) -> tuple[DocumentSettings, dict[str, int]]:
        known = {item.variable.name: item for item in describe(DocumentSettings)}
        texts: dict[str, str] = {}
        lines: dict[str, int] = {}
        for path, node, line in self._leaves(table, known):
            text = self._text(node, path)
            if text is not None:
                texts[path], lines[path] = text, line
        while True:
            try:
                return settings.from_env(DocumentSettings, texts), lines
            except ConfigProblemsError as error:
                for problem in error.problems:
                    self._complain(problem.path, problem.message, lines[problem.path])
                    del texts[problem.path]

    def entries(self, section: str, table: Table) -> tuple[Entry, ...]:
        node = table.entries.get(section)
        if node is None or (isinstance(node, Scalar) and node.text is None):
            return ()
        if not isinstance(node, Table):
            self._complain(
                section,
                "expected names, each with its settings below",
                node.line,
            )
            return ()
        found = (self._entry(section, name, inner, node.lines[name]) for name, inner in node.entries.items())
        return tuple(entry for entry in found if entry is not None)

    def _entry(self, section: str, name: str, node: Node, line: int) -> Entry | None:
        path = f"{section}.{name}"
        if not isinstance(node, Table):
            self._complain(path, "expected settings (key: value) below it", line)
            return None
        known = fields_of(section)
        texts, variables, lines = {}, {}, {}
        for key, inner in node.entries.items():
            lines[key] = node.lines[key]
            if key == "env" and section == "services":
                variables = self._variables(f"{path}.env", inner)
            elif key in known or key in extra_fields(section):
                text = self._text(inner, f"{path}.{key}")
                if text is not None:
                    texts[key] = text
            else:
                self._unknown(f"{path}.{key}", key, [*known, *extra_fields(section)], node.lines[key])
        return Entry(name=name, texts=texts, env=variables, lines=lines, line=line)

    def _variables(self, path: str, node: Node) -> dict[str, str]:
        if not isinstance(node, Table):
            self._complain(path, "expected variables (NAME: value) below it", node.line)
            return {}
        texts = ((key, self._text(inner, f"{path}.{key}")) for key, inner in node.entries.items())
        return {key: text for key, text in texts if text is not None}

    def _leaves(self, table: Table, known: Mapping[str, Declared], prefix: str = "") -> Iterator[tuple[str, Node, int]]:
        """(path, node, line) of every key that is one of `known`; others are reported."""
        for key, node in table.entries.items():
            path, line = f"{prefix}{key}", table.lines[key]
            if path in known:
                yield path, node, line
            elif not prefix and key in LATER:
                message = "is not read by this version of nself"
                self.warnings.append(Problem(path=path, message=message, file=self.file, line=line))
            elif any(name.startswith(f"{path}.") for name in known):
                if isinstance(node, Table):
                    yield from self._leaves(node, known, f"{path}.")
                elif not (isinstance(node, Scalar) and node.text is None):
                    self._complain(path, "expected settings (key: value) below it", line)
            elif prefix or key not in LISTS:
                below = {name.removeprefix(prefix).split(".")[0] for name in known if name.startswith(prefix)}
                self._unknown(path, key, [*below, *(() if prefix else LISTS)], line)

    def _text(self, node: Node, path: str) -> str | None:
        """The text of a scalar, or of a list of them joined by commas as list settings are written."""
        if isinstance(node, Scalar):
            if "\0" in (node.text or ""):
                self._complain(path, "holds a NUL character, which no command or variable can", node.line)
                return None
            return node.text
        if isinstance(node, Items) and all(isinstance(item, Scalar) and item.text for item in node.items):
            texts = [item.text or "" for item in node.items if isinstance(item, Scalar)]
            if not any("," in text for text in texts):
                return ",".join(texts)
            self._complain(path, "an item of a list cannot hold a comma", node.line)
            return None
        self._complain(path, "expected one value", node.line)
        return None

    def _unknown(self, path: str, key: str, known: list[str], line: int) -> None:
        from difflib import get_close_matches

        near = get_close_matches(key, known, n=1, cutoff=0.6)
        hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(sorted(known))}"
        self.problems.append(Problem(path=path, message="is not a known key", file=self.file, line=line, hint=hint))

    def _complain(self, path: str, message: str, line: int) -> None:
        self.problems.append(Problem(path=path, message=message, file=self.file, line=line))
