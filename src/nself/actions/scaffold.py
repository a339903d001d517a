"""What a new project consists of: paths and texts, nothing written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path

from nself import templates
from nself.model import dotenv, env_example
from nself.model.project import Environment
from nself.model.schema import Schema
from nself.model.spec import Runtime
from nself.records import dataclass

TEMPLATES = Path(templates.__file__).parent


class Mode(StrEnum):
    """How much `init` writes."""

    MINIMAL = "minimal"
    FULL = "full"
    DEMO = "demo"


SOURCES: Mapping[Mode, tuple[str, ...]] = {
    Mode.MINIMAL: ("project/minimal",),
    Mode.FULL: ("project/minimal", "project/full"),
    Mode.DEMO: ("demo",),
}
"""Folders of templates whose files a mode takes, later ones over earlier."""

IGNORED = (
    ".nself/", ".env", ".env.local", ".env.*.local", ".env.secrets", ".env.runtime", ".environments/*/.env.secrets",
    "_backup*", "_backups/", ".volumes/", "logs/", "*.log", "node_modules/", "__pycache__/", ".DS_Store", "ssl/*.key",
    "ssl/private/",
)  # fmt: skip
"""What must never be committed from a project."""

_DOTENV_HEAD = """\
# This machine's settings of {name}. They win over every other env file. Git ignores this file: it holds secrets.
# Every setting there is: .env.example. Which file a value comes from: nself config explain KEY.

PROJECT_NAME={name}
ENV={env}
BASE_DOMAIN={domain}

# Made by nself init, for this project alone.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the user wants of a new project."""

    name: str
    domain: str = "localhost"
    env: Environment = Environment.DEV
    mode: Mode = Mode.MINIMAL
    runtime: Runtime = Runtime.NATIVE


def contents(wish: Wish) -> dict[str, str]:
    """{path: text} of everything that comes from templates. `env.x` becomes `.env.x`."""
    files = {}
    for source in SOURCES[wish.mode]:
        folder = TEMPLATES / source
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                relative = path.relative_to(folder).as_posix()
                target = f".{relative}" if relative.startswith("env.") else relative
                text = path.read_text(encoding="utf-8").replace("{{PROJECT_NAME}}", wish.name)
                files[target] = text.replace("{{RUNTIME}}", wish.runtime)
    return files


def main_env(wish: Wish, schema: Schema, token: Callable[[int], str], kept: Mapping[str, str]) -> str:
    """The text of `.env`, with a new secret for each that is not among those `kept` from an older file."""
    head = _DOTENV_HEAD.format(name=wish.name, env=wish.env, domain=dotenv.quote(wish.domain))
    secrets = {name: kept.get(name) or token(length) for name, length in schema.generated().items()}
    return head + "".join(f"{name}={dotenv.quote(text)}\n" for name, text in secrets.items())


def with_missing(text: str, wanted: str) -> str:
    """An env file of the user's own, with those assignments of `wanted` added that it lacks."""
    has = {entry.key for entry in dotenv.parse(text, ".env").entries}
    for entry in dotenv.parse(wanted, ".env").entries:
        if entry.key not in has:
            text = dotenv.assign(text, ".env", entry.key, "".join(map(str, entry.parts)))
    return text


def example(wish: Wish, schema: Schema) -> str:
    given = {"PROJECT_NAME": wish.name, "ENV": wish.env.value, "BASE_DOMAIN": wish.domain}
    return env_example.render(schema, given)


def gitignore(existing: str) -> str:
    """The user's `.gitignore` with the lines it lacks; their own lines stay as they are."""
    has = {line.strip() for line in existing.splitlines()}
    missing = [line for line in IGNORED if line not in has]
    if not missing:
        return existing
    gap = "" if not existing else "\n" if existing.endswith("\n") else "\n\n"
    return existing + gap + "# nself\n" + "\n".join(missing) + "\n"
