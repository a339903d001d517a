"""What of a folder a build is given: `.dockerignore`, read as Docker reads it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath

NAME = ".dockerignore"
_PARTS = re.compile(r"\*\*/?|\*|\?|\[[^\]]*\]|\\.|.", re.DOTALL)


def keeps_out(rules: str, path: str) -> bool:
    """Whether `path` (`site/.env`) stays behind: the last rule that means it, or a folder it is in, decides."""
    return reader(rules)(path)


def reader(rules: str) -> Callable[[str], bool]:
    """The same for many paths."""
    known = list(_read(rules))

    def stays(path: str) -> bool:
        out = False
        whole = [path, *(str(folder) for folder in PurePosixPath(path).parents if str(folder) != ".")]
        for pattern, wanted in known:
            if any(pattern.fullmatch(each) for each in whole):
                out = wanted
        return out

    return stays


def _read(rules: str) -> Iterable[tuple[re.Pattern[str], bool]]:
    """(what it means, whether that is to stay behind)."""
    for line in rules.splitlines():
        rule = line.strip()
        if not rule or line.startswith("#"):
            continue
        text = rule.removeprefix("!").strip().removeprefix("./").strip("/")
        yield re.compile("".join(map(_expression, _PARTS.findall(text))), re.DOTALL), not rule.startswith("!")


def _expression(part: str) -> str:
    if part == "**/":
        return "(?:.*/)?"
    if part == "**":
        return ".*"
    if part.startswith("[") and len(part) > 2:
        return part
    return {"*": "[^/]*", "?": "[^/]"}.get(part) or re.escape(part.removeprefix("\\") or part)
