"""The development inbox: takes every mail the stack sends and delivers none. Never part of production."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from nself.mail.settings import MailSettings
from nself.model.project import Environment, Project
from nself.model.service import Service
from nself.model.spec import Category, Network, Port, Probe, Route, ServiceSpec
from nself.records import dataclass
from nself.services import images, mailpit, postgres
from nself.services.server import variables
from nself.settings import ROUTE, env

NAME = "mail"
HTTP = Port(number=8025, setting="MAILPIT_UI_PORT")
SMTP = Port(name="smtp", number=1025, setting="MAILPIT_SMTP_PORT")


class Engine(StrEnum):
    NSELF = "nself"
    MAILPIT = "mailpit"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServiceSettings:
    """Variables of the inbox in the stack; what its server understands is in its own settings."""

    enabled: bool | None = env(
        "MAILPIT_ENABLED",
        default=None,
        help="Run the development inbox: true in dev, false elsewhere, never in prod.",
    )
    engine: Engine = env(
        "MAIL_ENGINE", default=Engine.NSELF, help="Which inbox: ours, or Mailpit under the same name, ports and host."
    )
    ui_port: int | None = env(
        "MAILPIT_UI_PORT",
        default=None,
        minimum=1,
        maximum=65535,
        help="Port of its page and API; a free one from 8025 when unset.",
    )
    smtp_port: int | None = env(
        "MAILPIT_SMTP_PORT",
        default=None,
        minimum=1,
        maximum=65535,
        help="Its SMTP port; a free one from 1025 when unset.",
    )
    route: str = env("MAILPIT_ROUTE", default="mail", pattern=ROUTE, help="Its public host: label below BASE_DOMAIN.")


def wanted(project: Project) -> bool:
    """Whoever can open the inbox can take over any account, so no setting opens it in production."""
    if project.env is Environment.PROD:
        return False
    return bool(project.settings(MailServiceSettings, enabled=project.env is Environment.DEV).enabled)


def spec(project: Project, network: Network) -> ServiceSpec:
    own = project.settings(MailServiceSettings)
    route = Route(host=project.host(own.route), websocket=True, description="Development inbox")
    if own.engine is Engine.MAILPIT:
        return mailpit.spec(NAME, (HTTP, SMTP), route, project, network)
    found = project.settings(MailSettings, database_url=postgres.database_url(project, network))
    smtp = network.listen(NAME, SMTP.name)
    bound = replace(found, ui_port=network.listen(NAME).port, smtp_host=smtp.host, smtp_port=smtp.port)
    return ServiceSpec(
        name=NAME,
        category=Category.OPTIONAL,
        description="Development inbox",
        server=NAME,
        image=images.image(images.OURS),
        **variables(bound),
        ports=(HTTP, SMTP),
        probe=Probe(kind="http", path="/livez"),
        needs=postgres.needs(project),
        routes=(route,),
    )


SERVICE = Service(
    name=NAME,
    category=Category.OPTIONAL,
    help="Development inbox",
    words=("email", "inbox", "mailpit"),
    ports=(HTTP, SMTP),
    settings=(MailServiceSettings, MailSettings, mailpit.MailpitSettings),
    wanted=wanted,
    spec=spec,
)
