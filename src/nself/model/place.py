"""Where a native stack lives on one machine, and what the `{...}` names in a spec's command stand for there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from nself.errors import ProgramMissingError
from nself.model.layout import Layout
from nself.model.spec import ServiceSpec
from nself.records import dataclass

SECRETS = "secrets"
"""Folder of the build that holds every service's secret files."""
BACKEND = "backend"
"""The one program that hosts all of our own servers."""
POSTGRES, GRAPHQL, PROXY = "postgres", "graphql", "nginx"
"""Services that more than their own files must know by name."""
EXPANSION = re.compile(r"\{(data|bin):([A-Za-z0-9_-]+)\}|\{(root|build|secrets|run|logs|certs)\}")
"""What is replaced in a spec's texts; any other braces are the user's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """`programs` are the binaries that were found: python, postgres, nginx."""

    layout: Layout
    programs: Mapping[str, Path]

    @property
    def build(self) -> Path:
        return self.layout.build("native")

    def expand(self, text: str) -> str:
        """Replace every name this module knows; any other braces are the user's own and stay."""
        return EXPANSION.sub(self._value, text)

    def argv(self, spec: ServiceSpec) -> tuple[str, ...]:
        return tuple(self.expand(word) for word in spec.command)

    def _value(self, found: re.Match[str]) -> str:
        kind, name, folder = found.groups()
        if kind == "data":
            return str(self.layout.data(name))
        if kind == "bin":
            return str(self.program(name))
        return str(self.folders[folder])

    @property
    def folders(self) -> Mapping[str, Path]:
        layout = self.layout
        return {
            "root": layout.root,
            "build": self.build,
            "secrets": self.build / SECRETS,
            "run": layout.run,
            "logs": layout.logs,
            "certs": layout.certs,
        }

    def program(self, name: str) -> Path:
        try:
            return self.programs[name]
        except KeyError:
            raise ProgramMissingError(f"{name} was not found on this machine", fixes=["nself doctor"]) from None


def program_of(spec: ServiceSpec) -> str:
    """The name of the program that runs a service natively; our own servers share one, so they restart together."""
    return BACKEND if spec.server else spec.name
