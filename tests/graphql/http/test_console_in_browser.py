"""The console as somebody with a browser meets it."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.cluster import Cluster
from tests.graphql.process import running

if TYPE_CHECKING:
    from playwright.async_api import Page

CHROMIUM = shutil.which("chromium")
SECRET = "a secret for the console"
TABLE = "CREATE TABLE note (id int PRIMARY KEY, owner int, body text); INSERT INTO note VALUES (1, 1, 'a'), (2, 2, 'b')"
OWN = {"columns": ["id", "body"], "filter": {"owner": {"_eq": "X-Hasura-User-Id"}}}
EDITOR = ".graphiql-query-editor .CodeMirror"
ANSWER = ".result-window"

COUNT_SOCKETS = """() => {
    const Real = WebSocket;
    window.opened = [];
    window.WebSocket = function (...all) { window.opened.push(new Real(...all)); return window.opened.at(-1); };
}"""

PATIENCE_MS = 90_000
"""For whatever the page is to do or to show: a browser whose pages come from a busy disk stands still for long."""

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium (Debian: chromium)"),
    pytest.mark.timeout(600),
]


@pytest.fixture(scope="module")
def url(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One server for all of them: what they write, no other looks at."""
    environ = {"HASURA_GRAPHQL_ENABLE_CONSOLE": "true", "HASURA_GRAPHQL_ADMIN_SECRET": SECRET}
    with cluster.database() as dsn, running(dsn, tmp_path_factory.mktemp("console"), **environ) as url:
        asked(url, "/v2/query", {"type": "run_sql", "args": {"sql": TABLE}})
        asked(url, "/v1/metadata", {"type": "pg_track_table", "args": {"table": "note"}})
        permission = {"table": "note", "role": "reader", "permission": OWN}
        asked(url, "/v1/metadata", {"type": "pg_create_select_permission", "args": permission})
        yield url


def asked(url: str, path: str, body: object) -> None:
    answer = httpx.post(url + path, json=body, headers={"x-hasura-admin-secret": SECRET}, trust_env=False)
    assert answer.status_code == 200, answer.text
    assert "errors" not in answer.json(), answer.text


def test_it_asks_who_is_there_before_it_shows_anything(url: str) -> None:
    async def visit(page: Page) -> None:
        from playwright.async_api import expect

        await expect(page.locator("#refused")).to_contain_text("x-hasura-admin-secret/x-hasura-access-key required")
        await apply(page, secret="wrong")
        await expect(page.locator("#reason")).to_have_text('invalid "x-hasura-admin-secret"/"x-hasura-access-key"')
        await expect(page.locator(EDITOR)).to_have_count(0)
        await apply(page, secret=SECRET)
        await expect(page.locator("#state")).to_have_text("connected as admin")
        await expect(page.locator(".graphiql-explorer-root")).to_contain_text("note_aggregate")
        await click(page, "[aria-label='Show Documentation Explorer']")
        await click(page, "text=query_root")
        await expect(page.locator(".graphiql-doc-explorer")).to_contain_text('fetch data from the table: "note"')

    visited(url, visit)


def test_a_role_and_its_session_variables_decide_what_is_seen(url: str) -> None:
    async def visit(page: Page) -> None:
        from playwright.async_api import expect

        await apply(page, secret=SECRET)
        offered = page.locator("#roles option")
        await expect(offered).to_have_count(2)
        assert [await each.get_attribute("value") for each in await offered.all()] == ["admin", "reader"]
        await apply(page, role="reader", variables="user-id: 2\nX-Hasura-Team = a=b")
        await expect(page.locator("#state")).to_have_text("connected as reader")
        await expect(page.locator("#count")).to_have_text("2")
        await run(page, "{ note { id body } }")
        await expect(page.locator(ANSWER)).to_contain_text('"id": 2')
        await expect(page.locator(ANSWER)).not_to_contain_text('"id": 1')
        await run(page, "{ note { owner } }")
        await expect(page.locator(ANSWER)).to_contain_text("field 'owner' not found in type: 'note'")

    visited(url, visit)


def test_a_subscription_shows_changes_as_they_happen(url: str) -> None:
    async def visit(page: Page) -> None:
        from playwright.async_api import expect

        await apply(page, secret=SECRET)
        await run(page, "subscription Notes { note(order_by: {id: asc}) { body } }")
        await expect(page.locator(ANSWER)).to_contain_text('"body": "a"')
        change = {"query": 'mutation { update_note(where: {id: {_eq: 1}}, _set: {body: "new"}) { affected_rows } }'}
        await asyncio.to_thread(asked, url, "/v1/graphql", change)
        await expect(page.locator(ANSWER)).to_contain_text('"body": "new"')
        await click(page, ".graphiql-execute-button")
        await run(page, "subscription { gone }")
        await expect(page.locator(ANSWER)).to_contain_text("field 'gone' not found in type: 'subscription_root'")

    visited(url, visit)


def test_explain_shows_the_sql_and_the_plan_of_the_chosen_role(url: str) -> None:
    async def visit(page: Page) -> None:
        from playwright.async_api import expect

        await apply(page, secret=SECRET, role="reader", variables="user-id: 2")
        await explain(page, "query A { note { id } } query B { note { body } }")
        panel = page.locator(".explain")
        await expect(panel.locator("h3")).to_have_text(["note"])
        sql, plan = panel.locator("pre").nth(0), panel.locator("pre").nth(1)
        await expect(sql).to_contain_text('FROM "public"."note" AS "t.1"\n')
        await expect(plan).to_contain_text("(owner = 2)")
        await explain(page, "subscription { note { id } }")
        await expect(panel.locator("pre").nth(1)).to_contain_text("Function Scan on")
        await expect(panel.locator("pre").nth(2)).to_contain_text('"x-hasura-user-id": "2"')
        await explain(page, "mutation { nothing }")
        await expect(panel.locator("[role=alert]")).to_have_text("no mutations exist")

    visited(url, visit)


def test_a_subscription_goes_on_after_the_server_was_away(url: str) -> None:
    async def visit(page: Page) -> None:
        from playwright.async_api import expect

        await page.evaluate(COUNT_SOCKETS)
        await apply(page, secret=SECRET)
        await run(page, "subscription { __typename }")
        await expect(page.locator(ANSWER)).to_contain_text("subscription_root")
        await page.evaluate("() => window.opened[0].close()")
        await expect(page.locator("#state")).to_have_text("connected again")
        assert await page.evaluate("() => window.opened.length") == 2

    visited(url, visit)


async def apply(page: Page, **fields: str) -> None:
    if "variables" in fields:
        await click(page, "#session summary")
    for name, value in fields.items():
        await page.fill(f"[name={name}]", value)
    await click(page, "#session button[type=submit]")


async def click(page: Page, what: str) -> None:
    """Nothing on this page navigates: what a click did is seen by what the page shows next, not by its being idle."""
    await page.click(what, no_wait_after=True)


async def write(page: Page, operation: str) -> None:
    await page.wait_for_selector(EDITOR)
    await page.evaluate(f"text => document.querySelector('{EDITOR}').CodeMirror.setValue(text)", operation)


async def run(page: Page, operation: str) -> None:
    await write(page, operation)
    await click(page, "[aria-label^='Execute query']")


async def explain(page: Page, operation: str) -> None:
    await write(page, operation)
    if not await page.locator(".explain").count():
        await click(page, "[aria-label='Show Explain']")
    await click(page, ".explain button")


def visited(url: str, visit: Callable[[Page], Awaitable[None]]) -> None:
    """Nothing on the page may fail, and nothing may be asked of another host."""

    async def script() -> None:
        async with opened(f"{url}/console") as (page, problems):
            await visit(page)
            assert problems == []

    asyncio.run(script())


@contextlib.asynccontextmanager
async def opened(address: str) -> AsyncIterator[tuple[Page, list[str]]]:
    from playwright.async_api import async_playwright, expect

    expect.set_options(timeout=PATIENCE_MS)
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        try:
            page = await browser.new_page()
            page.set_default_timeout(PATIENCE_MS)
            problems: list[str] = []
            page.on("pageerror", lambda error: problems.append(str(error)))
            home = address.removesuffix("/console")
            page.on(
                "request", lambda sent: problems.append(sent.url) if not sent.url.startswith((home, "data:")) else None
            )
            await page.goto(address)
            yield page, problems
        finally:
            await browser.close()
