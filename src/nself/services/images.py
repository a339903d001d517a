"""The pinned container images: `images.toml` read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from nself import __version__
from nself.model.spec import Image

OURS = "nself"
"""The image of our own servers, of PostgreSQL and of nginx: the same programs as on the native runtime."""


def image(name: str, override: str | None = None, *, tag: str | None = None) -> Image:
    """The image pinned under `name`, with another `tag` of its repository, or wholly replaced by `override`.

    Who replaces an image says where it comes from; that it has the same inside is their promise."""
    entry = dict(_catalogue()[name])
    repository, digest = entry.pop("repository"), entry.pop("digest", None)
    pinned = __version__ if name == OURS else entry.pop("tag", "latest")
    if tag is not None and tag != pinned:
        pinned, digest = tag, None
    reference = override or (f"{repository}:{pinned}" + (f"@{digest}" if digest else ""))
    return Image(reference=reference, **_typed(entry))


def pinned() -> Mapping[str, Image]:
    """Every image of the catalogue by name."""
    return {name: image(name) for name in _catalogue()}


def _typed(entry: dict[str, Any]) -> dict[str, Any]:
    """TOML has lists where the dataclass has tuples."""
    health = {kind: tuple(words) for kind, words in entry.pop("health", {}).items()}
    return {"health": health} | {
        key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()
    }


@cache
def _catalogue() -> Mapping[str, dict[str, Any]]:
    import tomllib

    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
