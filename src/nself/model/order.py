"""Services in the order in which they can start."""

from __future__ import annotations

from collections.abc import Sequence

from nself.errors import ConfigProblemsError, Problem
from nself.model.spec import ServiceSpec


def by_need(specs: Sequence[ServiceSpec]) -> list[ServiceSpec]:
    """Needs before what needs them, otherwise as given. Needs outside `specs` are somebody else's business."""
    by_name = {spec.name: spec for spec in specs}
    done: dict[str, ServiceSpec] = {}

    def visit(spec: ServiceSpec, path: tuple[str, ...]) -> None:
        if spec.name in path:
            circle = " -> ".join((*path[path.index(spec.name) :], spec.name))
            problem = Problem(path=f"services.{spec.name}", message=f"services need each other in a circle: {circle}")
            raise ConfigProblemsError([problem])
        if spec.name not in done:
            for need in spec.needs:
                if need in by_name:
                    visit(by_name[need], (*path, spec.name))
            done[spec.name] = spec

    for spec in specs:
        visit(spec, ())
    return list(done.values())
