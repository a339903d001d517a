"""A project in memory: files by name in, what the model makes of them out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from nself.model.load import Loaded, load
from nself.model.project import Project
from nself.model.service import Service
from nself.model.sources import UnreadableError
from nself.model.spec import Category, Network, ServiceSpec
from nself.settings import env

ROOT = Path("/srv/shop")
SECRETS = f"DB_PASSWORD={'p' * 32}\nJWT_KEY={'j' * 64}\n"
"""What every project needs, in dotenv lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSettings:
    """Stands for a built-in service's variables."""

    port: int = env("POSTGRES_PORT", default=5432, minimum=1, maximum=65535, help="Port.")
    password: str = env("DB_PASSWORD", secret=True, generate=32, help="Password.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSettings:
    enabled: bool = env("HASURA_ENABLED", default=True, help="Run it.")
    route: str = env("HASURA_ROUTE", default="api", help="Host.")
    ttl: int = env("AUTH_ACCESS_TOKEN_EXPIRES_IN", default=900, aliases=("AUTH_JWT_ACCESS_TOKEN_EXPIRES_IN",), help="s")
    admin_secret: str = env("API_SECRET", secret=True, generate=40, help="Secret.")


def _no_spec(project: Project, network: Network) -> ServiceSpec:
    raise NotImplementedError


def service(name: str, settings: type, wanted: bool = True) -> Service:
    return Service(
        name=name, category=Category.REQUIRED, help="", settings=(settings,), wanted=lambda _: wanted, spec=_no_spec
    )


SERVICES = {"postgres": service("postgres", DatabaseSettings), "graphql": service("graphql", ApiSettings, wanted=False)}


def loaded(
    files: Mapping[str, str | None],
    environ: Mapping[str, str] | None = None,
    *,
    overrides: Iterable[tuple[str, str]] = (),
    env: str | None = None,
) -> Loaded:
    """Load these files; a None is a file that cannot be read."""

    def read(file: str) -> str | None:
        text = files.get(file, "")
        if text is None:
            raise UnreadableError("cannot be read: it is a folder")
        return text if file in files else None

    return load(ROOT, read=read, environ=environ or {}, services=SERVICES, overrides=overrides, env=env)


def project(
    files: Mapping[str, str] | None = None, environ: Mapping[str, str] | None = None, *, env: str | None = None
) -> Project:
    """A sound project; `files` come on top of a name and its secrets in .env.dev."""
    given = {**(files or {})}
    given[".env.dev"] = f"PROJECT_NAME=shop\n{SECRETS}" + given.get(".env.dev", "")
    return loaded(given, environ, env=env).checked()


def problems(
    files: Mapping[str, str | None], environ: Mapping[str, str] | None = None, *, env: str | None = None
) -> list[str]:
    """What is wrong with these files, on top of a name and its secrets in .env.dev."""
    given = {**files}
    given[".env.dev"] = f"PROJECT_NAME=shop\n{SECRETS}" + (given.get(".env.dev") or "")
    return [str(problem) for problem in loaded(given, environ, env=env).problems]
