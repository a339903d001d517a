"""Environment files, one a service: its variables, plain and secret, for nobody's eyes but its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nself import settings
from nself.model.spec import Category, ServiceSpec

FOLDER = "env"
"""Every file below this folder holds secrets: written 0600."""
HEAD = "# Written by nself build. Change .env or nself.yml and build again.\n"


def render(specs: Sequence[ServiceSpec], expand: Callable[[str], str]) -> dict[str, str]:
    """A file for each service whose program is given variables; `expand` resolves `{data:storage}` and the like.
    What the user wrote is left as it is, and so are secrets: a password may look like such a name."""
    return {
        path(spec): HEAD + settings.to_file(variables(spec, str if spec.category is Category.CUSTOM else expand))
        for spec in specs
        if takes_variables(spec)
    }


def takes_variables(spec: ServiceSpec) -> bool:
    """Whether its process has an environment of its own. PostgreSQL's variables are for those who sign in to it: in
    its own environment every backend could read the password."""
    if spec.server or spec.category is Category.CUSTOM:
        return True
    return bool(spec.env or spec.secrets) and not (spec.probe and spec.probe.kind == "postgres")


def path(spec: ServiceSpec) -> str:
    return f"{FOLDER}/{spec.name}.env"


def variables(spec: ServiceSpec, expand: Callable[[str], str]) -> dict[str, str]:
    return {**{name: expand(text) for name, text in spec.env.items()}, **spec.secrets}
