"""The proxy in front of everything: TLS, one host a service, limits. It needs nobody: a missing service is a 502."""

from __future__ import annotations

from collections.abc import Mapping

from nself.model import hosting
from nself.model.place import PROXY
from nself.model.project import Environment, Project
from nself.model.proxy import ProxySettings, proxy_settings
from nself.model.service import Service
from nself.model.spec import Category, Network, Port, Probe, Resources, ServiceSpec, Stop
from nself.services import images

NAME = PROXY
HTTPS = Port(name="https", number=8443, setting="NGINX_SSL_PORT")
HTTP = Port(name="http", number=8088, setting="NGINX_PORT")
HEALTH = Port(name="health", number=8089, setting="NGINX_HEALTH_PORT")


def spec(project: Project, network: Network) -> ServiceSpec:
    return ServiceSpec(
        name=NAME,
        category=Category.REQUIRED,
        description="Proxy",
        # The prefix is the project: every path inside the configuration is relative, whatever the folder is called.
        image=images.image(images.OURS),
        command=("{bin:nginx}", "-p", "{root}", "-c", "{build}/nginx/nginx.conf", "-g", "daemon off;"),
        ports=(HTTPS, HTTP, HEALTH),
        reads=(proxy_settings(project).web_root, *hosting.folders(project)),
        probe=Probe(kind="http", path="/health", port=HEALTH.name),
        resources=Resources(memory="128M", cpu=0.5),
        # Whoever still holds a websocket after that is let go.
        stop=Stop(signal="QUIT", grace_s=5),
        reload="HUP",
    )


def fixed_ports(project: Project) -> Mapping[str, int]:
    """On a server the standard ports are what the world knows; only a laptop may move them."""
    found = proxy_settings(project)
    if project.env is Environment.DEV:
        return {}
    return {HTTPS.name: found.https_port or 443, HTTP.name: found.http_port or 80}


SERVICE = Service(
    name=NAME,
    category=Category.REQUIRED,
    help="Proxy with TLS",
    ports=(HTTPS, HTTP, HEALTH),
    settings=(ProxySettings,),
    wanted=lambda project: True,
    spec=spec,
    fixed_ports=fixed_ports,
)
