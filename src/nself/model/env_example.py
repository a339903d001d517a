"""The schema -> `.env.example`: every variable with its help, its default shown and switched off."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping

from nself.model.dotenv import quote
from nself.model.schema import Schema
from nself.settings import REQUIRED, Declared, as_text

_HEAD = """\
# Every setting of this project. Copy what you need to .env and switch it on there: this file is never read.
# Numbered families are written with N: CS_1, CS_2, … Which file wins: nself config explain KEY.
"""


def render(schema: Schema, given: Mapping[str, str]) -> str:
    """The whole file; variables in `given` stand switched on with that value."""
    lines = [_HEAD.rstrip()]
    section = ""
    for name, items in schema.declared.items():
        here = schema.sections[items[0].owner]
        if here != section:
            lines += ["", f"# --- {here} ".ljust(78, "-")]
            section = here
        lines += ["", *_comment(items[0]), _line(name, items[0], given)]
    return "\n".join(lines) + "\n"


def _comment(declared: Declared) -> Iterator[str]:
    text = declared.variable.help or "Passed to its server as it is."
    facts = [declared.type_name]
    if declared.variable.secret:
        facts.append("secret")
    if declared.variable.generate:
        facts.append("made by nself init")
    yield from textwrap.wrap(f"{text} ({', '.join(facts)})", 100, initial_indent="# ", subsequent_indent="#   ")


def _line(name: str, declared: Declared, given: Mapping[str, str]) -> str:
    if name in given:
        return f"{name}={quote(given[name])}"
    default = declared.variable.example or ("" if declared.default in (REQUIRED, None) else as_text(declared.default))
    return f"#{name}={quote(' '.join(default.split()))}"
