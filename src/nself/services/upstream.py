"""`engine: hasura`: the servers whose APIs ours speak, in their makers' images, over the same database and metadata.

Their variables are those they document; ours were named alike from the start, so most go over as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from nself.errors import ConfigProblemsError, Problem
from nself.model.project import Engine, Project
from nself.model.spec import Network, Runtime, ServiceSpec
from nself.services import images

DATABASE = "HASURA_GRAPHQL_DATABASE_URL"
OURS_ALONE = frozenset({"AUTH_EMAIL_TEMPLATES_PATH", "AUTH_REFRESH_TOKEN_GRACE", "STORAGE_DISK_ROOT", "DEBUG"})
"""Variables that only our servers know."""


def engine(spec: ServiceSpec, project: Project, network: Network, *, image: str | None) -> ServiceSpec:
    """`spec` of one of our servers, as the project's engine has it. `image` replaces the pinned one."""
    if project.engine is Engine.NSELF:
        return spec
    if network.runtime is Runtime.NATIVE:
        problem = Problem(
            path="engine",
            message="hasura: those servers come as container images, and this project runs natively",
            hint="set runtime: compose, or engine: nself",
        )
        raise ConfigProblemsError([problem])
    return replace(
        _MADE[spec.name](_plain(spec)), server=None, image=images.image(f"hasura-{spec.name}", image), volumes=()
    )


def _plain(spec: ServiceSpec) -> ServiceSpec:
    return replace(
        spec,
        env={name: text for name, text in spec.env.items() if name not in OURS_ALONE},
        secrets={name: text for name, text in spec.secrets.items() if name not in OURS_ALONE},
    )


def _graphql(spec: ServiceSpec) -> ServiceSpec:
    """The image that applies the metadata directory before it serves."""
    more = {"HASURA_GRAPHQL_ENABLE_TELEMETRY": "false", "HASURA_GRAPHQL_SERVER_PORT": str(spec.ports[0].number)}
    return replace(spec, command=("graphql-engine", "serve"), env={**more, **spec.env})


def _auth(spec: ServiceSpec) -> ServiceSpec:
    """It tracks its tables in the engine when it starts, so the engine comes first."""
    database = spec.secrets[DATABASE]
    return replace(
        spec,
        env={"AUTH_PORT": str(spec.ports[0].number), **spec.env},
        secrets={**spec.secrets, "POSTGRES_MIGRATIONS_CONNECTION": database},
        needs=(*spec.needs, "graphql"),
    )


def _storage(spec: ServiceSpec) -> ServiceSpec:
    """It keeps files in S3 only."""
    if "S3_ENDPOINT" not in spec.env:
        problem = Problem(
            path="S3_ENDPOINT",
            message="is not set, and hasura-storage keeps files in S3 only",
            hint="SEAWEEDFS_ENABLED=true runs a store in the stack; S3_ENDPOINT names one of yours",
        )
        raise ConfigProblemsError([problem])
    more = {"POSTGRES_MIGRATIONS": "1", "HASURA_METADATA": "1"}
    return replace(spec, command=("serve",), env={**more, **spec.env, "BIND": f":{spec.ports[0].number}"})


_MADE: Mapping[str, Callable[[ServiceSpec], ServiceSpec]] = {"graphql": _graphql, "auth": _auth, "storage": _storage}
