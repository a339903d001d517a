from __future__ import annotations

import pytest

from nself import __version__
from tests.auth.conftest import Api, Start


def test_health_is_told_with_and_without_the_prefix(api: Api) -> None:
    assert (api.get("/healthz").status_code, api.get("/healthz").json()) == (200, "OK")
    assert api.request("HEAD", "/healthz").status_code == 200
    assert api.get("http://auth/healthz").json() == {"status": "ok"}


def test_without_a_prefix_there_is_one_health_path(start: Start) -> None:
    assert start(AUTH_API_PREFIX="").get("http://auth/healthz").json() == "OK"


def test_the_version_is_the_product_s(api: Api) -> None:
    assert api.get("/version").json() == {"version": __version__}


def test_a_shared_secret_publishes_no_keys(api: Api) -> None:
    assert api.get("/.well-known/jwks.json").json() == {"keys": []}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/signin/webauthn", 404),
        ("GET", "/user/", 404),
        ("GET", "/../etc/passwd", 404),
        ("DELETE", "/user", 405),
        ("GET", "/token", 405),
    ],
)
def test_what_is_not_there_is_refused_in_json(api: Api, method: str, path: str, status: int) -> None:
    response = api.request(method, path)
    assert response.status_code == status == response.json()["status"]
