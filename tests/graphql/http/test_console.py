from __future__ import annotations

import pytest

from tests.graphql.serving import Api, play

ON = {"HASURA_GRAPHQL_ENABLE_CONSOLE": "true"}


def test_the_console_is_served_only_when_wanted(dsn: str) -> None:
    async def off(api: Api) -> None:
        assert (await api.http.get("/console")).status_code == 404
        assert (await api.http.get("/console/assets/console.js")).status_code == 404

    async def on(api: Api) -> None:
        assert (await api.http.get("/")).headers["location"] == "console"
        assert "text/html" in (await api.http.get("/console")).headers["content-type"]

    play(dsn, off)
    play(dsn, on, **ON)


def test_the_page_may_load_nothing_from_elsewhere_and_every_file_it_names_is_there(dsn: str) -> None:
    async def script(api: Api) -> None:
        page = await api.http.get("/console")
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "http://" not in page.text and "https://" not in page.text
        named = [part.split('"')[0] for part in page.text.split('="console/assets/')[1:]]
        assert len(named) == 8
        for name in named:
            asset = await api.http.get(f"/console/assets/{name}")
            assert asset.status_code == 200, name
            again = await api.http.get(f"/console/assets/{name}", headers={"if-none-match": asset.headers["etag"]})
            assert (again.status_code, again.content) == (304, b"")

    play(dsn, script, **ON)


@pytest.mark.parametrize("name", ["", "__init__.py", "..%2f__init__.py", "../app.py", "README.md", "graphiql.LICENSE"])
def test_other_files_are_not_given_out(dsn: str, name: str) -> None:
    async def script(api: Api) -> None:
        assert (await api.http.get(f"/console/assets/{name}")).status_code == 404

    play(dsn, script, **ON)
