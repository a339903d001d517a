"""The project's files as layers: which to read, what each says, and which environment they are for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field

from nself.errors import Problem
from nself.model import cascade, dotenv
from nself.model.cascade import Layer, Raw
from nself.model.document import CascadeOrder, Document
from nself.model.dotenv import Reference
from nself.model.project import Environment
from nself.model.schema import Schema
from nself.records import dataclass

ENV_ALIASES = {
    "development": "dev",
    "local": "dev",
    "stage": "staging",
    "production": "prod",
    "live": "prod",
}
_CHOOSERS = ("TARGET_ENV", "NSELF_ENV", "ENV")
_ASKED_FIRST = (".env", ".env.local", ".env.dev")
"""Files that may say which environment this is, strongest first: those that are read whatever it is."""


class UnreadableError(ValueError):
    """A file is there but cannot be read as text; the message says why."""


Read = Callable[[str], "str | None"]
"""Text of a file by its path relative to the project, None when there is none; UnreadableError otherwise."""


@dataclass
class Sources:
    """Reads each file once and keeps what was wrong with it."""

    read: Read
    schema: Schema
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    _parsed: dict[str, dotenv.Parsed] = field(default_factory=dict)
    found: set[str] = field(default_factory=set)
    """The files that exist."""
    texts: dict[str, str | None] = field(default_factory=dict)
    """What each file says that was looked for; None where there is none."""

    def text(self, file: str) -> str | None:
        try:
            text = self.read(file)
        except UnreadableError as error:
            self.problems.append(Problem(path=file, message=str(error), file=file))
            self.found.add(file)
            return None
        self.texts[file] = text
        if text is not None:
            self.found.add(file)
        return text

    def env_file(self, file: str) -> dotenv.Parsed:
        if file not in self._parsed:
            text = self.text(file)
            parsed = dotenv.Parsed() if text is None else dotenv.parse(text, file)
            self.problems += parsed.problems
            self.warnings += parsed.warnings
            self._parsed[file] = parsed
        return self._parsed[file]

    def environment(self, asked: str | None, environ: Mapping[str, str], document: Document) -> Environment:
        """Which environment this is. An unknown word is a problem, and dev stands in for it while others are found."""
        for key, word, file, line in self._words(asked, environ, document):
            known = environment_named(word)
            if known is not None:
                return known
            from difflib import get_close_matches

            near = get_close_matches(word.lower(), [*Environment, *ENV_ALIASES], n=1)
            hint = f"did you mean {near[0]}?" if near else None
            message = f"expected one of {', '.join(Environment)}, got {word!r}"
            self.problems.append(Problem(path=key, message=message, file=file, line=line, hint=hint))
            return Environment.DEV
        return Environment.DEV

    def layer(self, file: str) -> Layer:
        """One env file as a layer. The same setting under two names with two values is a contradiction."""
        entries: dict[str, Raw] = {}
        for entry in self.env_file(file).entries:
            key = self.schema.canonical(entry.key)
            before = entries.get(key)
            if before and before.written != entry.key and before.parts != entry.parts and key != "ENV":
                message = f"is another name of {before.written}, which line {before.line} sets to something else"
                self.problems.append(
                    Problem(path=entry.key, message=message, file=file, line=entry.line, hint=f"keep {key} only")
                )
            entries[key] = Raw(key=key, written=entry.key, parts=entry.parts, line=entry.line)
        return Layer(name=file, file=file, entries=entries)

    def _words(
        self, asked: str | None, environ: Mapping[str, str], document: Document
    ) -> Iterable[tuple[str, str, str | None, int | None]]:
        """Everything that names the environment, strongest first: (path, word, file, line)."""
        if asked:
            yield "--env", asked, None, None
        for key in _CHOOSERS:
            if environ.get(key):
                yield key, environ[key], None, None
        for file in _ASKED_FIRST:
            entries = {entry.key: entry for entry in self.env_file(file).entries}
            for key in _CHOOSERS:
                word = _literal(entries[key].parts, environ) if key in entries else ""
                if word:
                    yield key, word, file, entries[key].line
        if document.settings.default_env:
            path = "environments.default"
            yield path, document.settings.default_env, document.file, document.line(path)


def environment_named(word: str) -> Environment | None:
    """`production` -> prod; None for a word that names no environment."""
    text = word.strip().lower()
    text = ENV_ALIASES.get(text, text)
    return Environment(text) if text in list(Environment) else None


def layers(sources: Sources, env: Environment, document: Document) -> list[Layer]:
    """The document and every env file of `env`, weakest first; missing files leave nothing."""
    read = [sources.layer(file) for file in files(env, document)]
    return [document.layer(sources.schema), *(layer for layer in read if layer.entries)]


def files(env: Environment, document: Document) -> list[str]:
    """The env files of this project's environment, weakest first, there or not."""
    return cascade.files(env, legacy=document.settings.cascade is CascadeOrder.LEGACY)


def _literal(parts: dotenv.Parts, environ: Mapping[str, str]) -> str:
    """The text of a value that is needed before the cascade exists: references see the process environment only."""
    out = []
    for part in parts:
        if isinstance(part, Reference):
            text = environ.get(part.name) or (_literal(part.default, environ) if part.default else "")
            out.append(text)
        else:
            out.append(part)
    return "".join(out)
