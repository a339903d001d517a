"""`images.lock`: the digests a project's images are pinned to, a line each, in the user's version control."""

from __future__ import annotations

import re
from collections.abc import Mapping

from nself.errors import Problem

FILE = "images.lock"
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
HEADER = """\
# Images and the exact content each tag stood for: every machine runs the same. Written by `nself update images`;
# keep it in version control.
"""


def parse(text: str) -> tuple[dict[str, str], list[Problem]]:
    """{`repository:tag`: digest}, and the lines that are none."""
    found, problems = {}, []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split("#")[0].split()
        if len(words) == 2 and DIGEST.fullmatch(words[1]):
            found[words[0]] = words[1]
        elif words:
            message = "is not an image and its digest: repository:tag sha256:…"
            hint = f"remove the line, then: nself update images (or remove {FILE})"
            problems.append(Problem(path=words[0], message=message, file=FILE, line=number, hint=hint))
    return found, problems


def dump(pins: Mapping[str, str]) -> str:
    return HEADER + "".join(f"{reference} {digest}\n" for reference, digest in sorted(pins.items()))


def pinned(reference: str, pins: Mapping[str, str]) -> str:
    """With its digest, unless it has one by itself."""
    return f"{reference}@{pins[reference]}" if reference in pins else reference
