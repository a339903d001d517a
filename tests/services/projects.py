"""Projects made by hand, with good defaults: a test sets only what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nself.model.loopback import LoopbackNetwork
from nself.model.ports import Ports, choose
from nself.model.project import CustomService, Environment, Project, Value
from nself.model.proxy import proxy_settings
from nself.model.spec import ServiceSpec
from nself.services import catalogue

SECRETS = {
    "POSTGRES_PASSWORD": "postgres-password-of-a-test-0001",
    "HASURA_GRAPHQL_ADMIN_SECRET": "admin-secret-of-a-test-000000001",
    "JWT_KEY": "jwt-key-of-a-test-that-is-long-enough-for-hs256-0001",
}


def project(root: Path = Path("/srv/shop"), *, values: Mapping[str, str] | None = None, **fields: Any) -> Project:
    """A dev project `shop` on localhost; `values` are its variables beside the secrets."""
    texts = {**SECRETS, **(values or {})}
    defaults: dict[str, Any] = {"name": "shop", "env": Environment.DEV, "base_domain": "localhost"}
    return Project(
        root=root,
        values={
            key: Value(key=key, text=text, layer=".env", file=".env", line=n)
            for n, (key, text) in enumerate(texts.items(), 1)
        },
        **{**defaults, **fields},
    )


def custom(name: str = "web", **fields: Any) -> CustomService:
    """A service of the user's own that is run by a command."""
    defaults: dict[str, Any] = {
        "port": 8001,
        "command": "node server.js",
        "workdir": Path("/srv/shop/services") / name,
        "host": f"{name}.localhost",
    }
    return CustomService(name=name, **{**defaults, **fields})


def network(of: Project, ports: Ports | None = None) -> LoopbackNetwork:
    """Loopback with the usual ports, as on a machine where everything is free."""
    chosen = ports or choose(catalogue.claims(of), Ports(), lambda number: True)
    proxy = proxy_settings(of)
    return LoopbackNetwork(
        ports=chosen,
        scheme=proxy.scheme,
        proxy_port=chosen[("nginx", proxy.scheme)],
        bind=proxy.bind_address or "127.0.0.1",
    )


def spec(of: Project, name: str) -> ServiceSpec:
    return next(spec for spec in catalogue.specs(of, network(of)) if spec.name == name)
