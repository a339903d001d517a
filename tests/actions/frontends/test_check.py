"""Frontends are asked through the proxy: here a server that stands for it and answers by host."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nself.actions.frontends.check import Answer, check, exit_code
from nself.actions.stack import Stack
from nself.host import LocalHost
from nself.model.project import Project
from tests.actions.places import home, written
from tests.storage.hosting import hosted

CODES = {"down": 502, "signin": 302, "broken": 500, "site": 404, "shop": 200}


@pytest.fixture(autouse=True)
def it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stack, "refuse_stopped", lambda self: None)


@pytest.fixture(scope="module")
def proxy() -> Iterator[str]:
    async def answer(request: Request) -> Response:
        name = request.headers["host"].split(".")[0]
        return Response(status_code=CODES[name], headers={"location": "/sign-in"})

    with hosted(Starlette(routes=[Route("/", answer)])) as url:
        yield url


def project(root: Path, proxy: str, *names: str, **settings: str) -> Project:
    apps = {f"FRONTEND_APP_{number}_NAME": name for number, name in enumerate(names, 1)}
    ports = {f"FRONTEND_APP_{number}_PORT": str(9000 + number) for number, name in enumerate(names, 1)}
    return written(root, {**apps, **ports, "SSL_MODE": "none", "NGINX_PORT": str(urlsplit(proxy).port), **settings})


def asked(root: Path, proxy: str, name: str) -> Answer:
    (found,) = check(project(root, proxy, name), LocalHost(), home(root)).frontends
    return found


@pytest.mark.parametrize(
    ("name", "status", "details"),
    [
        ("shop", "healthy", "answered 200"),
        ("signin", "healthy", "answered 302"),
        ("broken", "unhealthy", "answered 500"),
        ("down", "unhealthy", "nothing listens at http://127.0.0.1:9001: start its development server"),
    ],
)
def test_a_server_is_well_when_it_answers_whatever_it_says(
    tmp_path: Path, proxy: str, name: str, status: str, details: str
) -> None:
    found = asked(tmp_path, proxy, name)
    assert (found.status, found.details) == (status, details)


def test_files_are_there_or_not(tmp_path: Path, proxy: str) -> None:
    (tmp_path / "web" / "dist").mkdir(parents=True)
    (tmp_path / "web" / "dist" / "index.html").touch()
    texts = {"FRONTEND_APP_1_NAME": "site", "FRONTEND_APP_1_PATH": "web", "FRONTEND_APP_1_PORT": ""}
    found = check(project(tmp_path, proxy, **texts), LocalHost(), home(tmp_path))
    assert [(each.status, each.details) for each in found.frontends] == [
        ("unhealthy", "answered 404: is web/dist built?")
    ]


def test_one_of_several_can_be_asked_alone_and_all_must_be_well(tmp_path: Path, proxy: str) -> None:
    both = project(tmp_path, proxy, "shop", "down")
    assert exit_code(check(both, LocalHost(), home(tmp_path), "shop")) == 0
    assert exit_code(check(both, LocalHost(), home(tmp_path))) == 1


def test_who_listens_at_the_proxys_port_while_the_project_is_down_is_not_asked(
    tmp_path: Path, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    found = asked(tmp_path, proxy, "shop")
    assert (found.status, found.details) == ("stopped", "nothing of this project runs")


def test_without_a_proxy_they_are_stopped(tmp_path: Path) -> None:
    found = asked(tmp_path, "http://127.0.0.1:9", "shop")
    assert (found.status, found.response_time_ms) == ("stopped", None)
