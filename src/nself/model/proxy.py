"""How the proxy behaves, as a project sets it: read by the nginx service and by the nginx renderer."""

from __future__ import annotations

from enum import StrEnum

from nself.model.project import Environment, Project
from nself.records import dataclass
from nself.settings import Form, env

SIZE = Form(r"[0-9]+[kKmMgG]?", "a size, as 100m or 1g")
RATE = Form(r"[1-9][0-9]*r/[sm]", "a rate, as 100r/s or 600r/m")
FOLDER = Form(
    # nginx has no way to write a dollar sign, and the project's folder itself holds its secrets.
    r"(?!/)(?!(.*/)?\.)[^\x00-\x1f\x7f$]+",
    "a folder below the project's, as public, without $ and without names that begin with a dot",
)


class SslMode(StrEnum):
    LOCAL = "local"
    CUSTOM = "custom"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxySettings:
    """Variables of nginx and TLS."""

    http_port: int | None = env(
        "NGINX_PORT",
        default=None,
        aliases=("NGINX_HTTP_PORT",),
        minimum=1,
        maximum=65535,
        help="Port for plain HTTP, which redirects to HTTPS: 80, in dev a free one from 8088.",
    )
    https_port: int | None = env(
        "NGINX_SSL_PORT",
        default=None,
        aliases=("NGINX_HTTPS_PORT",),
        minimum=1,
        maximum=65535,
        help="Port for HTTPS: 443, in dev a free one from 8443.",
    )
    health_port: int | None = env(
        "NGINX_HEALTH_PORT",
        default=None,
        minimum=1,
        maximum=65535,
        help="Port on which nginx says on this machine only that it is well; a free one from 8089.",
    )
    bind_address: str | None = env(
        "NGINX_BIND_ADDRESS",
        default=None,
        pattern=r"[0-9a-fA-F.:]+",
        help="Address nginx listens on: 0.0.0.0, in dev 127.0.0.1.",
    )
    max_body_size: str = env(
        "NGINX_CLIENT_MAX_BODY_SIZE",
        default="100M",
        pattern=SIZE,
        help="Largest request body where a service sets no other.",
    )
    worker_processes: str = env(
        "NGINX_WORKER_PROCESSES",
        default="auto",
        pattern=r"auto|[1-9][0-9]{0,2}",
        help="nginx workers: one a core; 2 in dev.",
    )
    worker_connections: int = env(
        "NGINX_WORKER_CONNECTIONS", default=2048, minimum=64, maximum=1_000_000, help="Connections of each worker."
    )
    keepalive_timeout_s: int = env(
        "NGINX_KEEPALIVE_TIMEOUT", default=65, minimum=0, help="How long an idle client connection stays, in seconds."
    )
    proxy_timeout: str = env(
        "NGINX_PROXY_TIMEOUT",
        default="60s",
        pattern=r"[1-9][0-9]*s?",
        help="How long a service may take to answer where it sets no other time.",
    )
    gzip_enabled: bool = env("NGINX_GZIP_ENABLED", default=True, help="Compress text answers.")
    rate_limit_enabled: bool | None = env(
        "NGINX_RATE_LIMIT_ENABLED",
        default=None,
        help="Limit requests by client address: true in staging and prod, false in dev.",
    )
    rate_limit: str = env("NGINX_RATE_LIMIT", default="100r/s", pattern=RATE, help="Requests per client address.")
    strict_rate_limit: str = env(
        "NGINX_AUTH_RATE_LIMIT",
        default="5r/s",
        pattern=RATE,
        help="The same for sign-in, sign-up and token paths.",
    )
    web_root: str = env(
        "NGINX_WEB_ROOT",
        default="public",
        pattern=FOLDER,
        help="Folder of static files served at the base domain itself, relative to the project.",
    )
    security_headers_enabled: bool = env(
        "SECURITY_HEADERS_ENABLED", default=True, help="Add security headers to every answer (HSTS in prod only)."
    )
    ssl_enabled: bool = env("SSL_ENABLED", default=True, help="Serve HTTPS.")
    ssl_mode: SslMode = env(
        "SSL_MODE",
        default=SslMode.LOCAL,
        help="Where certificates come from: this machine's own authority, your files, or none (plain HTTP).",
    )
    ssl_cert_path: str | None = env(
        "SSL_CERT_PATH", default=None, help="With SSL_MODE=custom: PEM file of the certificate and its chain."
    )
    ssl_key_path: str | None = env("SSL_KEY_PATH", default=None, help="With SSL_MODE=custom: PEM file of its key.")

    @property
    def tls(self) -> bool:
        return self.ssl_enabled and self.ssl_mode is not SslMode.NONE

    @property
    def scheme(self) -> str:
        return "https" if self.tls else "http"

    @property
    def proxy_timeout_s(self) -> int:
        return int(self.proxy_timeout.removesuffix("s"))


def proxy_settings(project: Project) -> ProxySettings:
    """With the defaults that depend on the environment: a laptop keeps to itself, a server is there to be reached."""
    if project.env is Environment.DEV:
        return project.settings(ProxySettings, bind_address="127.0.0.1", rate_limit_enabled=False, worker_processes="2")
    return project.settings(
        ProxySettings, bind_address="0.0.0.0", rate_limit_enabled=True, http_port=80, https_port=443
    )
