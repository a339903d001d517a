"""The demo, started once as a user would: its smoke test, its page in a browser, the shape of every --json."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import httpx
import jsonschema
import pytest

from nself.cli import main, shapes
from tests.e2e.conftest import Project
from tests.e2e.demo import initialised
from tests.proofs import Proved

pytestmark = pytest.mark.e2e
CHROMIUM = shutil.which("chromium")
PATIENCE_MS = 90_000


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    project = initialised(tmp_path_factory.mktemp("demo") / "hiking log ä", "--demo", "--name", "demo")
    started = project.json("start")
    assert (started["failed"], started["healthy"]) == ([], started["total"])
    yield project
    project.nself("stop", check=False)


def test_the_whole_path_works_through_tls(demo: Project, proved: Proved) -> None:
    ran = demo.nself("doctor", "--smoke", "--json")
    report = json.loads(ran.stdout)
    steps = {check["id"]: check["status"] for check in report["checks"] if check["category"] == "smoke"}
    names = ("sign up", "query", "upload", "function", "mail", "clean up")
    assert steps == dict.fromkeys(names, "pass"), report["checks"]
    for service in ("auth", "functions", "graphql", "mail", "nginx", "postgres", "storage"):
        proved(service, "probed")


def test_a_second_start_changes_nothing(demo: Project) -> None:
    pids = {name: service["pid"] for name, service in demo.status().items()}
    again = demo.json("start")
    assert again["started"] == []
    assert {name: service["pid"] for name, service in demo.status().items()} == pids


def test_a_migrated_table_is_there_for_the_api_at_once_and_in_the_history(demo: Project) -> None:
    made = demo.json("db", "migrate", "create", "add huts")
    Path(made["files"][0]).write_text("ALTER TABLE trails ADD COLUMN huts int NOT NULL DEFAULT 0;")
    assert [entry["name"] for entry in demo.json("db", "migrate", "up")["applied"]] == ["add_huts"]
    secret = demo.json("config", "get", "HASURA_GRAPHQL_ADMIN_SECRET", "--reveal")["value"]
    port = demo.status()["graphql"]["ports"][0]["port"]
    body = {"query": "{ trails(limit: 1) { huts } }"}
    answer = httpx.post(f"http://127.0.0.1:{port}/v1/graphql", json=body, headers={"X-Hasura-Admin-Secret": secret})
    assert answer.json() == {"data": {"trails": [{"huts": 0}]}}
    last = json.loads((demo.root / ".nself" / "history" / "all.jsonl").read_text().splitlines()[-1])
    assert (last["type"], last["status"], last["details"]["applied"]) == ("migrations", "success", [made["version"]])


def test_building_again_gives_the_same_bytes(demo: Project) -> None:
    before = digests(demo.root / ".nself" / "build")
    shutil.rmtree(demo.root / ".nself" / "build")
    demo.nself("build")
    assert digests(demo.root / ".nself" / "build") == before


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


ASKED = {
    "build": ["build"],
    "config get": ["config", "get", "BASE_DOMAIN"],
    "config list": ["config", "list"],
    "config show": ["config", "show"],
    "config validate": ["config", "validate"],
    "config explain": ["config", "explain", "POSTGRES_PORT"],
    "db migrate status": ["db", "migrate", "status"],
    "db migrate up": ["db", "migrate", "up"],
    "doctor": ["doctor"],
    "health": ["health"],
    "health check": ["health", "check"],
    "health endpoint": ["health", "endpoint", "http://127.0.0.1:1/", "--retries", "1"],
    "health history": ["health", "history"],
    "health service": ["health", "service", "postgres"],
    "service email check": ["service", "email", "check"],
    "frontend list": ["frontend", "list"],
    "frontend status": ["frontend", "status"],
    "health config": ["health", "config"],
    "service email config": ["service", "email", "config"],
    "service email detect": ["service", "email", "detect"],
    "service email inbox": ["service", "email", "inbox"],
    "service email providers": ["service", "email", "providers"],
    "service email status": ["service", "email", "status"],
    "service email test": ["service", "email", "test"],
    "service email validate": ["service", "email", "validate"],
    "service functions deploy": ["service", "functions", "deploy", "validate"],
    "service functions invoke": ["service", "functions", "invoke", "hello"],
    "service functions list": ["service", "functions", "list"],
    "service functions status": ["service", "functions", "status"],
    "service list": ["service", "list"],
    "service status": ["service", "status"],
    "ssl status": ["ssl", "status"],
    "start": ["start"],
    "status": ["status"],
    "trust": ["trust", "status"],
    "urls": ["urls"],
    "version": ["version"],
}


@pytest.mark.parametrize("name", sorted(ASKED))
def test_json_has_its_documented_shape(demo: Project, name: str) -> None:
    printed = demo.json(*ASKED[name], check=False)
    command: Any = main.root
    for word in name.split():
        command = command.get_command(click.Context(command), word)
    jsonschema.validate(printed, shapes.of_result(command.result))


def test_status_and_urls_carry_what_scripts_rely_on(demo: Project) -> None:
    demo.becomes_well()
    summary = demo.json("status", check=False)["summary"]
    assert summary["total"] == summary["running"] == 8
    found = demo.json("urls")["urls"]
    assert {"auth", "functions", "graphql", "mail", "storage", "web"} <= {entry["name"] for entry in found}
    assert all(entry["url"].startswith("https://") and entry["internal_url"] for entry in found)


def test_a_mail_to_the_inbox_is_sent_and_seen_there(demo: Project) -> None:
    sent = demo.json("service", "email", "test", "ada@example.com")
    assert (sent["provider"], sent["arrived"]) == ("development", True)
    newest = demo.json("service", "email", "inbox", "--limit", "1")["mails"][0]
    assert (newest["to"], newest["read"]) == (["ada@example.com"], False)
    assert demo.json("service", "email", "check")["ok"]


def test_a_new_function_answers_through_the_proxy_and_its_words_are_in_the_log(demo: Project) -> None:
    demo.nself("service", "functions", "create", "hooks/paid", "webhook")
    demo.nself("restart")
    secret = demo.json("config", "get", "NHOST_WEBHOOK_SECRET", "--reveal")["value"]
    invoke = ("service", "functions", "invoke", "hooks/paid", '{"id": 7}')

    refused = demo.nself(*invoke, check=False)
    answered = demo.json(*invoke, "-H", f"nhost-webhook-secret: {secret}")

    assert (refused.returncode, ": 401 in" in refused.stdout) == (1, True)
    assert (answered["status"], answered["body"], answered["method"]) == (200, {"received": True}, "POST")
    assert f"[{answered['request_id']}]: received ['id']" in demo.nself("service", "functions", "logs").stdout
    assert demo.nself("service", "functions", "delete", "hooks/paid", check=False).returncode == 2  # nobody to ask
    demo.nself("service", "functions", "delete", "hooks/paid", "--yes")
    assert demo.nself(*invoke, check=False).returncode == 2


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium (Debian package chromium)")
def test_the_page_signs_up_logs_a_hike_and_shows_its_photo(demo: Project, tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(png(32, 24))
    asyncio.run(use_page(f"https://app.localhost:{demo.port('NGINX_SSL_PORT')}/", photo, tmp_path / "page.png"))


async def use_page(url: str, photo: Path, picture: Path) -> None:
    from playwright.async_api import async_playwright, expect

    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        try:
            # The authority of this machine is not in the browser's store; the smoke test checks certificates.
            page = await browser.new_page(ignore_https_errors=True, viewport={"width": 1280, "height": 800})
            page.set_default_timeout(PATIENCE_MS)
            problems: list[str] = []
            page.on("pageerror", lambda error: problems.append(str(error)))
            await page.goto(url)
            await expect(page.locator("#trails tr")).to_have_count(6)
            await expect(page.locator("#trails")).to_contain_text("3 h")
            await page.fill("[name=email]", "hiker@example.com")
            await page.fill("[name=password]", "a long enough password")
            await page.click("text=Sign up")
            await expect(page.locator("#who")).to_have_text("Signed in as hiker@example.com.")
            await page.fill("[name=notes]", "<b>windy</b>")
            await page.set_input_files("[name=photo]", photo)
            await page.click("text=Log this hike")
            await expect(page.locator("#hikes li")).to_have_count(1)
            await expect(page.locator("#hikes .notes")).to_have_text("<b>windy</b>")
            width = "document.querySelector('#hikes img').naturalWidth"
            await page.wait_for_function(f"{width} === 32")
            await page.screenshot(path=picture)
            await page.click("#sign-out")
            await expect(page.locator("#hikes li")).to_have_count(0)
            assert problems == []
        finally:
            await browser.close()


def png(width: int, height: int) -> bytes:
    """A small picture, made here."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes((40, 120, 80)) * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
