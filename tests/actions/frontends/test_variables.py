"""A frontend learns where the APIs are under names its framework hands on, and learns no secret."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nself.actions.frontends.variables import Variables, variables
from nself.errors import UsageError
from nself.host import LocalHost
from tests.actions.places import written

NAMES = ["GRAPHQL_URL", "GRAPHQL_WS_URL", "AUTH_URL", "STORAGE_URL", "FUNCTIONS_URL"]


def told(root: Path, framework: str | None = None, **settings: str) -> Variables:
    app = {"FRONTEND_APP_1_NAME": "shop", "FRONTEND_APP_1_PATH": "web"}
    return variables(written(root, {**app, **settings}), LocalHost(), {}, "shop", framework)


@pytest.mark.parametrize(
    ("framework", "prefix"),
    [("nextjs", "NEXT_PUBLIC_"), ("Next.js", "NEXT_PUBLIC_"), ("vue", "VITE_"), ("nuxt", "NUXT_PUBLIC_"),
     ("astro", "PUBLIC_"), ("react", "VITE_"), ("angular", "")],
)  # fmt: skip
def test_the_prefix_is_that_of_the_framework(tmp_path: Path, framework: str, prefix: str) -> None:
    found = told(tmp_path, FRONTEND_APP_1_FRAMEWORK=framework)
    assert list(found.variables) == [f"{prefix}{name}" for name in NAMES]


@pytest.mark.parametrize(
    ("packages", "framework", "prefix"),
    [
        ({"dependencies": {"next": "15"}, "devDependencies": {"vite": "6"}}, "nextjs", "NEXT_PUBLIC_"),
        ({"devDependencies": {"vite": "6"}}, "vite", "VITE_"),
        ({"dependencies": {"react-scripts": "5"}}, "create-react-app", "REACT_APP_"),
        ({"dependencies": ["next"]}, None, ""),
        ([], None, ""),
    ],
)
def test_a_project_that_names_none_is_known_by_its_packages(
    tmp_path: Path, packages: object, framework: str | None, prefix: str
) -> None:
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "package.json").write_text(json.dumps(packages))
    found = told(tmp_path)
    assert (found.framework, found.prefix) == (framework, prefix)


def test_react_by_its_older_tool_keeps_that_tools_prefix(tmp_path: Path) -> None:
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "package.json").write_text('{"dependencies": {"react-scripts": "5"}}')
    assert told(tmp_path, FRONTEND_APP_1_FRAMEWORK="react").prefix == "REACT_APP_"


def test_addresses_are_the_public_ones_with_their_prefixes(tmp_path: Path) -> None:
    found = told(tmp_path, NGINX_SSL_PORT="8643", AUTH_API_PREFIX="/v2").variables
    assert found["GRAPHQL_WS_URL"] == "wss://api.localhost:8643/v1/graphql"
    assert found["AUTH_URL"] == "https://auth.localhost:8643/v2"


def test_an_api_that_does_not_run_is_left_out(tmp_path: Path) -> None:
    assert "FUNCTIONS_URL" not in told(tmp_path, FUNCTIONS_ENABLED="false").variables


def test_a_framework_asked_for_and_not_known_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no prefix is known for 'cobol'"):
        told(tmp_path, "cobol")
