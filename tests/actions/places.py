"""Real project folders for actions that render and write, without anything being started."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nself.actions import project as projects
from nself.model.project import Project
from tests.cluster import free_port
from tests.services.projects import SECRETS

PORTS = (
    "POSTGRES_PORT", "HASURA_PORT", "AUTH_PORT", "STORAGE_PORT", "FUNCTIONS_PORT", "MAILPIT_UI_PORT",
    "MAILPIT_SMTP_PORT", "NGINX_PORT", "NGINX_SSL_PORT", "NGINX_HEALTH_PORT",
)  # fmt: skip


def written(root: Path, values: Mapping[str, str] | None = None, *, fixed: bool = True) -> Project:
    """A project in `root`, loaded from its files. `fixed` gives it ports that nobody else in this run has."""
    ports = {name: str(free_port()) for name in PORTS} if fixed else {}
    texts = {"PROJECT_NAME": "shop", **SECRETS, **ports, **(values or {})}
    root.mkdir(parents=True, exist_ok=True)
    (root / ".env").write_text("".join(f'{name}="{text}"\n' for name, text in texts.items()))
    (root / ".env").chmod(0o600)
    return projects.load(root, {})


def home(root: Path) -> dict[str, str]:
    """The environment of a user whose home is below `root`."""
    return {"HOME": str(root / "home")}
