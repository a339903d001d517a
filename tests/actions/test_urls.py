"""nself urls: every service with its public URL and the one inside the stack."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from nself.actions.urls import urls
from nself.errors import UsageError
from nself.host import LocalHost
from tests.actions.places import written
from tests.services.projects import SECRETS

YAML = """\
version: "1"
services:
  web: {command: ./serve, port: 8001, route: app}
  worker: {command: ./work, port: 8002}
"""


def test_public_urls_come_with_their_internal_twin(tmp_path: Path) -> None:
    project = written(tmp_path, {"NGINX_SSL_PORT": "9443", "HASURA_PORT": "9080"})
    found = urls(project, LocalHost(), {})
    (graphql,) = [entry for entry in found.urls if entry.name == "graphql"]
    assert (graphql.url, graphql.internal_url) == ("https://api.localhost:9443", "http://127.0.0.1:9080")
    assert graphql.endpoints == ("https://api.localhost:9443/v1/graphql", "https://api.localhost:9443/console")
    assert (found.project, found.environment, found.protocol) == ("shop", "dev", "https")


def test_what_has_no_route_is_shown_only_when_asked_for(tmp_path: Path) -> None:
    (tmp_path / "nself.yml").write_text(YAML)
    project = written(tmp_path, {"POSTGRES_PORT": "9432"})
    public = {entry.name for entry in urls(project, LocalHost(), {}).urls}
    every = {entry.name: entry for entry in urls(project, LocalHost(), {}, internal=True).urls}
    assert {"postgres", "worker"} & public == set()
    assert every["postgres"].url is None
    assert every["postgres"].internal_url == "postgresql://127.0.0.1:9432"
    assert {"worker", "mail-smtp", "nginx-health", "web"} <= set(every)


def test_no_password_is_in_any_url(tmp_path: Path) -> None:
    shown = repr(urls(written(tmp_path), LocalHost(), {}, internal=True))
    assert not [secret for secret in SECRETS.values() if secret in shown]


def test_one_service_or_one_category_can_be_asked_for(tmp_path: Path) -> None:
    (tmp_path / "nself.yml").write_text(YAML)
    project = written(tmp_path)
    assert [entry.name for entry in urls(project, LocalHost(), {}, service="mail").urls] == ["mail", "mail-smtp"]
    assert [entry.name for entry in urls(project, LocalHost(), {}, category="custom").urls] == ["web"]


def test_a_misspelt_service_is_answered_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        urls(written(tmp_path), LocalHost(), {}, service="grapql")
    assert raised.value.fixes[0] == "did you mean graphql?"


def test_a_frontend_is_listed_with_the_port_of_its_own_server(tmp_path: Path) -> None:
    project = written(tmp_path, {"FRONTEND_APP_1_NAME": "shop", "FRONTEND_APP_1_PORT": "3100"})
    (entry,) = [entry for entry in urls(project, LocalHost(), {}).urls if entry.category == "frontend"]
    assert (entry.name, entry.internal_url) == ("shop", "http://127.0.0.1:3100")
    assert entry.url is not None
    assert entry.url.startswith("https://shop.localhost:")


def test_conflicts_are_listed_beside_the_urls(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        project = written(tmp_path, {"AUTH_PORT": str(taken.getsockname()[1])})
        (conflict,) = urls(project, LocalHost(), {}).conflicts
    assert "AUTH_PORT: auth wants port" in conflict


def test_without_tls_the_scheme_is_plain(tmp_path: Path) -> None:
    project = written(tmp_path, {"SSL_MODE": "none", "NGINX_PORT": "9088"})
    found = urls(project, LocalHost(), {})
    assert found.protocol == "http"
    assert {entry.url for entry in found.urls} >= {"http://api.localhost:9088"}
