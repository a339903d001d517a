"""What stands between a command and data that cannot be had again."""

from __future__ import annotations

from nself.errors import PermissionDeniedError
from nself.model.project import Environment, Project


def refuse_in_production(project: Project, what: str) -> None:
    """Destroying data is refused in production; no option opens this."""
    if project.env is Environment.PROD:
        raise PermissionDeniedError(
            f"{project.name} is a production environment: {what} is refused, and no option opens it",
            fixes=["nself --env staging … for another environment", "take a backup and remove the folder by hand"],
        )
