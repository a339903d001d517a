"""Environment files in the form Compose reads: one a service, its variables plain and secret, written 0600."""

from __future__ import annotations

from collections.abc import Callable

from nself.model.spec import Category, ServiceSpec
from nself.render.env import FOLDER, HEAD

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "$": "\\$", "\n": "\\n", "\r": "\\r"})


def takes_variables(spec: ServiceSpec) -> bool:
    return bool(spec.env or spec.secrets)


def path(spec: ServiceSpec) -> str:
    return f"{FOLDER}/{spec.name}.env"


def render(spec: ServiceSpec, expand: Callable[[str], str]) -> str:
    """What the user wrote is left as it is, and so are secrets: a password may look like `{data:x}`."""
    chosen = str if spec.category is Category.CUSTOM else expand
    pairs = {**{name: chosen(text) for name, text in spec.env.items()}, **spec.secrets}
    return HEAD + "".join(f"{name}={quote(pairs[name])}\n" for name in sorted(pairs))


def quote(text: str) -> str:
    """Between double quotes, where Compose undoes these escapes and replaces no variable."""
    return f'"{text.translate(_ESCAPES)}"'
