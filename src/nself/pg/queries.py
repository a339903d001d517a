"""Named SQL in files: blocks headed by `-- name: user_by_email`; code says `SQL["user_by_email"]`."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import LiteralString, cast

_HEAD = re.compile(r"^--\s*name:\s*(\w+)\s*$", re.MULTILINE)


class Queries(dict[str, LiteralString]):
    """{name: SQL}. Values come from files shipped with the package, which is what makes them literal."""

    def __missing__(self, name: str) -> LiteralString:
        raise KeyError(f"no query named {name}; known: {', '.join(sorted(self))}")


def load(package: str, file: str = "queries.sql") -> Queries:
    """The blocks of one file of a package (`load("nself.auth")`)."""
    text = files(package).joinpath(file).read_text(encoding="utf-8")
    pieces = _HEAD.split(text)[1:]
    named = zip(pieces[::2], pieces[1::2], strict=True)
    return Queries({name: cast(LiteralString, sql.strip().rstrip(";")) for name, sql in named})
