"""The files of services as they write them: configuration for anybody to read, and secret files for one service."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nself.model.place import SECRETS
from nself.model.spec import ServiceSpec


def render(specs: Sequence[ServiceSpec], expand: Callable[[str], str]) -> dict[str, str]:
    """`expand` resolves `{data:storage}` and the like in configuration. Secret files stay as they are: a password may
    look like such a name."""
    plain = {f"{spec.name}/{name}": expand(text) for spec in specs for name, text in sorted(spec.files.items())}
    secret = {
        f"{SECRETS}/{spec.name}/{name}": text for spec in specs for name, text in sorted(spec.secret_files.items())
    }
    return plain | secret
