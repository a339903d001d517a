"""Mailpit in place of our own inbox: the same name, ports and host, so nothing else notices."""

from __future__ import annotations

from nself.mail.settings import MailSettings
from nself.model.project import Project
from nself.model.spec import Category, Network, Port, Probe, Program, Resources, Route, ServiceSpec, Volume
from nself.records import dataclass
from nself.services import images
from nself.settings import IMAGE, TAG, env

VOLUME = Volume(name="mailpit", target="/data")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailpitSettings:
    """Variables of Mailpit alone, with MAIL_ENGINE=mailpit."""

    version: str | None = env(
        "MAILPIT_VERSION", default=None, pattern=TAG, help="Tag of Mailpit's image; the pinned one when unset."
    )
    image: str | None = env("MAILPIT_IMAGE", default=None, pattern=IMAGE, help="Another container image in its place.")


def spec(name: str, ports: tuple[Port, Port], route: Route, project: Project, network: Network) -> ServiceSpec:
    """The inbox `name` as Mailpit. `ports` are that of its page and that of SMTP."""
    found, page, smtp = project.settings(MailpitSettings), *ports
    limits = project.settings(MailSettings, database_url="")
    return ServiceSpec(
        name=name,
        category=Category.OPTIONAL,
        description="Development inbox (Mailpit)",
        command=("{bin:mailpit}",),
        programs=(Program(name="mailpit", hint="brew install mailpit, or its binary on PATH"),),
        image=images.image("mailpit", override=found.image, tag=found.version),
        env={
            "MP_UI_BIND_ADDR": str(network.listen(name, page.name)),
            "MP_SMTP_BIND_ADDR": str(network.listen(name, smtp.name)),
            "MP_DATABASE": "{data:mailpit}/mailpit.db",
            "MP_MAX_MESSAGES": str(limits.max_messages),
            "MP_SMTP_MAX_RECIPIENTS": str(limits.max_recipients),
            # Whoever sends to a development inbox may say any name and password, also without TLS.
            "MP_SMTP_AUTH_ACCEPT_ANY": "true",
            "MP_SMTP_AUTH_ALLOW_INSECURE": "true",
            "MP_DISABLE_VERSION_CHECK": "true",
        },
        ports=ports,
        probe=Probe(kind="http", path="/livez", port=page.name),
        routes=(route,),
        volumes=(VOLUME,),
        resources=Resources(memory="128M"),
    )
