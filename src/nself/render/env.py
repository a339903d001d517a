"""Environment files, one a service: its variables, plain and secret, for nobody's eyes but its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nself import settings
from nself.model.spec import Category, ServiceSpec

FOLDER = "env"
"""Every file below this folder holds secrets: written 0600."""
HEAD = "# Written by nself build. Change .env or nself.yml and build again.\n"


def render(specs: Sequence[ServiceSpec], expand: Callable[[str], str]) -> dict[str, str]:
    """A file for each of our servers and of the user's services; `expand` resolves `{data:storage}` and the like.
    What the user wrote is left as it is."""
    return {
        path(spec): HEAD + settings.to_file(variables(spec, str if spec.category is Category.CUSTOM else expand))
        for spec in specs
        if spec.server or spec.category is Category.CUSTOM
    }


def path(spec: ServiceSpec) -> str:
    return f"{FOLDER}/{spec.name}.env"


def variables(spec: ServiceSpec, expand: Callable[[str], str]) -> dict[str, str]:
    return {name: expand(value) for name, value in {**spec.env, **spec.secrets}.items()}
