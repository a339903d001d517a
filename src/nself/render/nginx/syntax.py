"""nginx's configuration language: directives and blocks in, text out. Every word passes through `quoted`.

nginx has no way to write a literal `$`; callers check what users wrote before it comes here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

Lines = list[str]
_PLAIN = re.compile(r"[^\s\"'\\;{}#]+")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def directive(name: str, *words: str | int) -> str:
    """`listen 127.0.0.1:8443 ssl;`"""
    return " ".join([name, *(quoted(str(word)) for word in words)]) + ";"


def block(name: str, *words: str | int, body: Iterable[str]) -> Lines:
    """A block with its lines indented below it."""
    head = " ".join([name, *(quoted(str(word)) for word in words)])
    return [f"{head} {{", *(f"    {line}" if line else line for line in body), "}"]


def quoted(word: str) -> str:
    """A word as nginx reads it back."""
    if _PLAIN.fullmatch(word):
        return word
    return '"' + "".join(_ESCAPES.get(letter, letter) for letter in word) + '"'


def text(lines: Iterable[str]) -> str:
    return "\n".join(["# Written by nself build. Change .env or nself.yml and build again.", *lines]) + "\n"
