"""The GraphQL API over the project's database."""

from __future__ import annotations

import re
from dataclasses import replace

from nself.graphql.settings import GraphqlSettings
from nself.model.place import GRAPHQL
from nself.model.project import Project
from nself.model.proxy import proxy_settings
from nself.model.service import Service
from nself.model.spec import Category, Network, Port, Probe, Resources, Route, ServiceSpec
from nself.records import dataclass
from nself.services import images, postgres, upstream
from nself.services.server import in_dev, jwt_secret, variables
from nself.settings import IMAGE, ROUTE, env

NAME = GRAPHQL
_MENTIONS = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}|from_env[\"']?\s*:\s*[\"']?([A-Za-z_]\w*)")
PORT = Port(number=8080, setting="HASURA_PORT")


@dataclass(frozen=True, slots=True, kw_only=True)
class HasuraSettings:
    """Variables of the GraphQL service in the stack; what its server understands is in its own settings."""

    image: str | None = env(
        "HASURA_IMAGE", default=None, pattern=IMAGE, help="With engine: hasura, another container image of Hasura."
    )
    enabled: bool = env("HASURA_ENABLED", default=True, help="Run the GraphQL API.")
    port: int | None = env(
        "HASURA_PORT",
        default=None,
        aliases=("HASURA_GRAPHQL_SERVER_PORT",),
        minimum=1,
        maximum=65535,
        help="Its port inside the stack; a free one from 8080 when unset.",
    )
    route: str = env("HASURA_ROUTE", default="api", pattern=ROUTE, help="Its public host: label below BASE_DOMAIN.")
    admin_secret: str = env(
        "HASURA_GRAPHQL_ADMIN_SECRET",
        secret=True,
        generate=48,
        minimum=1,
        help="Whoever sends it as X-Hasura-Admin-Secret may do everything.",
    )


def origins(project: Project, network: Network) -> str:
    """Browsers may call from the project's own hosts; in dev also from a development server on this machine."""
    own = [network.public_url(project.host("*")), network.public_url(project.base_domain)]
    return ",".join([*own, *(["http://localhost:*", "http://127.0.0.1:*"] if in_dev(project) else [])])


def settings(project: Project, network: Network) -> GraphqlSettings:
    dev = in_dev(project)
    own = project.settings(HasuraSettings)
    found = project.settings(
        GraphqlSettings,
        database_url=postgres.database_url(project, network),
        jwt_secret=jwt_secret(project),
        metadata_dir="{root}/metadata",
        enable_console=dev,
        dev_mode=dev,
        unauthorized_role="public",
        cors_domain=origins(project, network),
        # Whoever stops the stack kills what has not ended after 15 seconds.
        graceful_shutdown_timeout_s=10,
    )
    return replace(found, server_port=network.listen(NAME).port, admin_secret=own.admin_secret)


def spec(project: Project, network: Network) -> ServiceSpec:
    found = settings(project, network)
    route = Route(
        host=project.host(project.settings(HasuraSettings).route),
        websocket=True,
        body_limit=proxy_settings(project).max_body_size,
        # Subscriptions are silent for as long as nothing changes.
        read_timeout_s=86_400,
        endpoints=("/v1/graphql", *(["/console"] if found.enable_console else [])),
        description="GraphQL API",
    )
    made = ServiceSpec(
        name=NAME,
        category=Category.REQUIRED,
        description="GraphQL API",
        server=NAME,
        image=images.image(images.OURS),
        **variables(found),
        ports=(PORT,),
        reads=("metadata",),
        probe=Probe(kind="http", path="/healthz"),
        needs=postgres.needs(project),
        routes=(route,),
        resources=Resources(memory="1G", cpu=0.5),
    )
    return upstream.engine(made, project, network, image=project.settings(HasuraSettings).image)


def mentioned(project: Project) -> list[str]:
    """Variables that the metadata directory names: `{{SHOP_URL}}` in an address, `value_from_env: SHOP_KEY`."""
    texts = [file.read_text(encoding="utf-8", errors="replace") for file in (project.root / "metadata").rglob("*.yaml")]
    return sorted({name for text in texts for pair in _MENTIONS.findall(text) for name in pair if name})


SERVICE = Service(
    name=NAME,
    category=Category.REQUIRED,
    help="GraphQL API",
    words=("hasura",),
    ports=(PORT,),
    settings=(HasuraSettings, GraphqlSettings),
    wanted=lambda project: project.settings(HasuraSettings).enabled,
    spec=spec,
    several=True,
    passes="HASURA_GRAPHQL_",
    speaks_of=mentioned,
)
