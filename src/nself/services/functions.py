"""Functions in Python and TypeScript, a file each in the project's `functions/`."""

from __future__ import annotations

from dataclasses import replace

from nself.functions.settings import FunctionsSettings
from nself.model.project import Project
from nself.model.proxy import proxy_settings
from nself.model.service import Service
from nself.model.spec import Category, Network, Port, Probe, Resources, Route, ServiceSpec, Volume
from nself.records import dataclass
from nself.services import auth, catalogue, graphql, images, postgres, storage
from nself.services.server import in_dev, jwt_secret, variables
from nself.settings import ROUTE, JsonObject, env

NAME = "functions"
PORT = Port(number=3008, setting="FUNCTIONS_PORT")


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionsServiceSettings:
    """Variables of the functions service in the stack; what its server understands is in its own settings."""

    enabled: bool = env("FUNCTIONS_ENABLED", default=True, help="Run the functions service.")
    port: int | None = env(
        "FUNCTIONS_PORT",
        default=None,
        minimum=1,
        maximum=65535,
        help="Its port inside the stack; a free one from 3008 when unset.",
    )
    route: str = env(
        "FUNCTIONS_ROUTE", default="functions", pattern=ROUTE, help="Its public host: label below BASE_DOMAIN."
    )


def settings(project: Project, network: Network) -> FunctionsSettings:
    hasura = project.settings(graphql.HasuraSettings)
    found = project.settings(
        FunctionsSettings,
        folder="{root}/functions",
        dev=in_dev(project),
        deno_cache="{data:functions}",
        variables=JsonObject(dict(catalogue.own_variables(project))) or None,
        jwt_secret=jwt_secret(project),
        admin_secret=hasura.admin_secret,
        functions_url=network.endpoint(NAME).url,
        **_siblings(project, network),
    )
    return replace(found, port=network.listen(NAME).port)


def offers(project: Project, network: Network) -> dict[str, str | None]:
    """For triggers and actions of the metadata: where functions are, and the secret that shows who calls."""
    found = settings(project, network)
    return {"NHOST_FUNCTIONS_URL": found.functions_url, "NHOST_WEBHOOK_SECRET": found.webhook_secret}


def _siblings(project: Project, network: Network) -> dict[str, str]:
    """Where functions find the other APIs, inside the stack."""
    found = {}
    if graphql.SERVICE.wanted(project):
        found["graphql_url"] = f"{network.endpoint(graphql.NAME).url}/v1/graphql"
    if auth.SERVICE.wanted(project):
        found["auth_url"] = f"{network.endpoint(auth.NAME).url}{auth.settings(project, network).api_prefix}"
    if storage.SERVICE.wanted(project):
        prefix = storage.settings(project, network).api_root_prefix
        found["storage_url"] = f"{network.endpoint(storage.NAME).url}{prefix}"
    return found


def spec(project: Project, network: Network) -> ServiceSpec:
    found = settings(project, network)
    route = Route(
        host=project.host(project.settings(FunctionsServiceSettings).route),
        websocket=True,
        body_limit=f"{found.max_body_mb}M",
        # The server ends a call at its own limit and says so; the proxy only waits a little longer.
        read_timeout_s=max(proxy_settings(project).proxy_timeout_s, int(found.timeout_s) + 5),
        description="Functions",
    )
    return ServiceSpec(
        name=NAME,
        category=Category.OPTIONAL,
        description="Functions",
        server=NAME,
        image=images.image(images.OURS),
        **variables(found),
        ports=(PORT,),
        reads=("functions",),
        probe=Probe(kind="http", path="/healthz"),
        needs=postgres.needs(project),
        routes=(route,),
        volumes=(Volume(name=NAME, target="/cache", cache=True),),
        resources=Resources(memory="512M", cpu=0.5),
    )


SERVICE = Service(
    name=NAME,
    category=Category.OPTIONAL,
    help="Functions",
    ports=(PORT,),
    settings=(FunctionsServiceSettings, FunctionsSettings),
    wanted=lambda project: project.settings(FunctionsServiceSettings).enabled,
    spec=spec,
    offers=offers,
    several=True,
)
