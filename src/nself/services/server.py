"""What the specs of our own servers have in common: variables split into plain and secret, and the shared keys."""

from __future__ import annotations

from typing import Any, TypedDict

from nself.model.keys import ProjectSettings
from nself.model.project import Environment, Project
from nself.settings import JsonObject, secrets_of, to_env


class Variables(TypedDict):
    """Two fields of a ServiceSpec."""

    env: dict[str, str]
    secrets: dict[str, str]


def variables(settings: Any) -> Variables:
    """A server's settings as its spec carries them."""
    secret = secrets_of(type(settings))
    pairs = to_env(settings)
    return Variables(
        env={name: text for name, text in pairs.items() if name not in secret},
        secrets={name: text for name, text in pairs.items() if name in secret},
    )


def jwt_secret(project: Project) -> JsonObject:
    """One key signs and verifies: every server is given the same object."""
    return JsonObject({"type": "HS256", "key": project.settings(ProjectSettings, project_name=project.name).jwt_key})


def in_dev(project: Project) -> bool:
    return project.env is Environment.DEV
