"""Sign-up, sign-in and sessions."""

from __future__ import annotations

from dataclasses import replace

from nself.auth.settings import AuthSettings
from nself.model.project import Project
from nself.model.proxy import proxy_settings
from nself.model.service import Service
from nself.model.spec import Category, Network, Port, Probe, Resources, Route, ServiceSpec
from nself.records import dataclass
from nself.services import graphql, images, mail, postgres, upstream
from nself.services.server import in_dev, jwt_secret, variables
from nself.settings import IMAGE, ROUTE, env

NAME = "auth"
PORT = Port(number=4000, setting="AUTH_PORT")
STRICT = ("/signin", "/signup", "/token", "/user/password", "/user/email", "/mfa")
"""Below the API prefix: where credentials are tried or mail is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthServiceSettings:
    """Variables of the auth service in the stack; what its server understands is in its own settings."""

    image: str | None = env(
        "AUTH_IMAGE", default=None, pattern=IMAGE, help="With engine: hasura, another container image of hasura-auth."
    )
    enabled: bool = env("AUTH_ENABLED", default=True, help="Run the auth service.")
    port: int | None = env(
        "AUTH_PORT",
        default=None,
        minimum=1,
        maximum=65535,
        help="Its port inside the stack; a free one from 4000 when unset.",
    )
    route: str = env("AUTH_ROUTE", default="auth", pattern=ROUTE, help="Its public host: label below BASE_DOMAIN.")


def settings(project: Project, network: Network) -> AuthSettings:
    host = project.host(project.settings(AuthServiceSettings).route)
    public = network.public_url(host)
    hasura = project.settings(graphql.HasuraSettings)
    inbox = {}
    if mail.wanted(project):
        smtp = network.endpoint(mail.NAME, "smtp")
        inbox = {"smtp_host": smtp.host, "smtp_port": smtp.port}
    found = project.settings(
        AuthSettings,
        database_url=postgres.database_url(project, network),
        jwt_secret=jwt_secret(project),
        admin_secret=hasura.admin_secret,
        graphql_url=f"{network.endpoint(graphql.NAME).url}/v1/graphql" if hasura.enabled else "",
        email_verified_required=not in_dev(project),
        refresh_token_grace=10,
        client_url=client_url(project, network),
        # The project's own hosts, whichever of them is the front end.
        allowed_redirect_urls=tuple(network.public_url(host) for host in (project.host("*"), project.base_domain)),
        templates_path="{root}/email-templates",
        smtp_sender=f"noreply@{project.base_domain}",
        **inbox,
    )
    return replace(
        found,
        port=network.listen(NAME).port,
        server_url=found.server_url or f"{public}{found.api_prefix}",
    )


def client_url(project: Project, network: Network) -> str:
    """Where links in mails lead: the first front end, else the first service of the user's own with a host."""
    hosts = [*(each.host for each in project.frontends), *(each.host for each in project.custom if each.host)]
    if hosts:
        return network.public_url(hosts[0])
    return "http://localhost:3000" if in_dev(project) else network.public_url(project.base_domain)


def spec(project: Project, network: Network) -> ServiceSpec:
    found = settings(project, network)
    route = Route(
        host=project.host(project.settings(AuthServiceSettings).route),
        body_limit="1m",
        read_timeout_s=proxy_settings(project).proxy_timeout_s,
        strict_paths=tuple(f"{found.api_prefix}{path}" for path in STRICT),
        endpoints=tuple(f"{found.api_prefix}{path}" for path in ("/signup/email-password", "/signin/email-password")),
        description="Authentication",
    )
    made = ServiceSpec(
        name=NAME,
        category=Category.REQUIRED,
        description="Authentication",
        server=NAME,
        image=images.image(images.OURS),
        **variables(found),
        ports=(PORT,),
        reads=("email-templates",),
        probe=Probe(kind="http", path="/healthz"),
        needs=postgres.needs(project),
        routes=(route,),
        resources=Resources(memory="512M", cpu=0.5),
    )
    return upstream.engine(made, project, network, image=project.settings(AuthServiceSettings).image)


SERVICE = Service(
    name=NAME,
    category=Category.REQUIRED,
    help="Authentication",
    ports=(PORT,),
    settings=(AuthServiceSettings, AuthSettings),
    wanted=lambda project: project.settings(AuthServiceSettings).enabled,
    spec=spec,
    several=True,
    passes="AUTH_",
)
