from __future__ import annotations

import pytest

from nself.model.routes import host


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        ("api", "api.shop.test"),
        ("api.v2", "api.v2.shop.test"),
        ("my_app", "my-app.shop.test"),
        ("", "shop.test"),
        ("shop.test", "shop.test"),
        ("api.shop.test", "api.shop.test"),
        ("api.example.com", "api.example.com"),
        ("api.dev", "api.dev.shop.test"),
        ("api.dev.", "api.dev"),
        ("https://api.dev/", "api.dev"),
        ("API", "api.shop.test"),
    ],
)
def test_a_route_means_a_host(route: str, expected: str) -> None:
    assert host(route, "shop.test") == expected


@pytest.mark.parametrize("route", ["a b", "-a", "a..b", "a/b", "https://", "x" * 64, "a;b", "*", "a\nb"])
def test_what_can_be_no_host_is_refused(route: str) -> None:
    with pytest.raises(ValueError, match="expected a label"):
        host(route, "shop.test")
