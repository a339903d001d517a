"""Built sites of frontends, served by a real nginx."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from nself.model.project import Environment, Frontend
from nself.render.nginx.static import ASK, FOREVER
from tests.render.proxy import Proxy, proxy
from tests.render.rendering import render as rendered
from tests.services.projects import project

CHROMIUM = shutil.which("chromium")

FILES = {
    "web/dist/index.html": "<!doctype html><div id=app></div><script src=/assets/index-BsC2dX1a.js></script>",
    "web/dist/assets/index-BsC2dX1a.js": "document.getElementById('app').textContent = 'at ' + location.pathname;",
    "web/dist/assets/background-image.png": "not hashed",
    "web/dist/favicon.ico": "icon",
    "web/dist/.env": "SECRET=1",
    "web/dist/.well-known/security.txt": "Contact: us",
    "web/src/secret.txt": "not for anybody",
    "pages/out/index.html": "<h1>start</h1>",
    "pages/out/about.html": "<h1>about</h1>",
    "pages/out/docs/index.html": "<h1>docs</h1>",
    "pages/out/404.html": "<h1>no such page</h1>",
    "pages/out/_next/static/chunks/main.js": "x",
}


def frontend(name: str, **fields: object) -> Frontend:
    return Frontend(name=name, display_name=name, port=3000, host=f"{name}.localhost", **fields)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp("sites")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text + (" " * 2000 if name.endswith(".js") else ""))
    fronts = (frontend("app", path="web"), frontend("docs", path="pages", framework="nextjs"))
    with proxy(project(folder, frontends=fronts), folder) as running:
        yield running


@pytest.mark.parametrize("path", ["/", "/orders/7", "/orders/7/", "/index.html"])
def test_a_route_of_a_single_page_app_is_its_page_which_is_asked_for_anew(sites: Proxy, path: str) -> None:
    answer = sites.get("app.localhost", path)
    assert answer.status_code == 200 and "id=app" in answer.text
    assert answer.headers["cache-control"] == ASK
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert len(answer.headers["x-request-id"]) == 32


def test_what_has_its_hash_in_its_name_is_kept_forever_and_nothing_else_is(sites: Proxy) -> None:
    hashed = sites.get("app.localhost", "/assets/index-BsC2dX1a.js")
    assert hashed.headers["cache-control"] == FOREVER
    assert hashed.headers["content-type"].startswith("text/javascript")
    assert hashed.headers["x-content-type-options"] == "nosniff"
    assert sites.get("docs.localhost", "/_next/static/chunks/main.js").headers["cache-control"] == FOREVER
    for path in ("/assets/background-image.png", "/favicon.ico"):
        assert sites.get("app.localhost", path).headers["cache-control"] == ASK


@pytest.mark.parametrize("path", ["/assets/index-00000000.js", "/logo.png", "/app.js"])
def test_a_file_that_is_missing_is_missing(sites: Proxy, path: str) -> None:
    assert sites.get("app.localhost", path).status_code == 404


@pytest.mark.parametrize("path", ["/.env", "/%2eenv", "/../src/secret.txt", "/..%2fsrc/secret.txt", "/.git/config"])
def test_what_is_hidden_or_beside_the_site_is_nobodys_business(sites: Proxy, path: str) -> None:
    answer = sites.curl("app.localhost", path, "--path-as-is", "-w", "%{http_code}")
    assert "SECRET" not in answer and "not for anybody" not in answer
    assert answer[-3:] in ("404", "400") or "id=app" in answer


def test_well_known_files_are_served(sites: Proxy) -> None:
    assert sites.get("app.localhost", "/.well-known/security.txt").text == "Contact: us"


def test_a_site_of_pages_has_those_and_its_own_answer_for_others(sites: Proxy) -> None:
    assert sites.get("docs.localhost", "/about").text == "<h1>about</h1>"
    assert sites.get("docs.localhost", "/docs").text == sites.get("docs.localhost", "/docs/").text == "<h1>docs</h1>"
    missing = sites.get("docs.localhost", "/nothing")
    assert (missing.status_code, missing.text) == (404, "<h1>no such page</h1>")


def test_text_is_compressed_and_unchanged_files_are_not_sent_again(sites: Proxy) -> None:
    packed = sites.get("app.localhost", "/assets/index-BsC2dX1a.js", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    first = sites.get("app.localhost", "/")
    again = sites.get("app.localhost", "/", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium (Debian package chromium)")
def test_a_browser_that_opens_a_route_gets_the_app_that_finds_its_way(sites: Proxy, tmp_path: Path) -> None:
    argv = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
        f"--user-data-dir={tmp_path}", "--ignore-certificate-errors", "--virtual-time-budget=5000", "--dump-dom",
    ]  # fmt: skip
    url = sites.url("app.localhost", "/orders/7")
    page = subprocess.run([*argv, url], capture_output=True, text=True, timeout=90, check=True).stdout
    assert '<div id="app">at /orders/7</div>' in page


def test_writing_to_a_site_is_refused(sites: Proxy) -> None:
    assert sites.client.post(sites.url("app.localhost")).status_code == 405


@pytest.mark.parametrize(
    ("env", "named", "served"),
    [(Environment.DEV, True, False), (Environment.DEV, False, True), (Environment.PROD, True, True)],
)
def test_a_development_server_wins_in_dev_when_its_port_is_named(
    tmp_path: Path, env: Environment, named: bool, served: bool
) -> None:
    (tmp_path / "web" / "build").mkdir(parents=True)
    (tmp_path / "web" / "build" / "index.html").write_text("built")
    of = project(tmp_path, env=env, frontends=(frontend("app", path="web", port_named=named),))
    text = rendered(of)["nginx/sites/app.localhost.conf"]
    assert ("root $here/web/build;" in text) is served
    assert ("proxy_pass http://frontend-app" in text) is not served


OUTSIDE = [("../outside", None), ("/etc", None), (".", None), (".nself/data", None), ("a\0b", None), ("x$y", "web")]


@pytest.mark.parametrize(("dist", "path"), OUTSIDE)
def test_nothing_but_folders_of_the_project_is_served(tmp_path: Path, dist: str, path: str | None) -> None:
    (tmp_path / "outside").mkdir()
    root = tmp_path / "shop"
    for folder in (root, tmp_path / "outside", root / ".nself" / "data"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "index.html").write_text("x")
    of = project(root, env=Environment.PROD, frontends=(frontend("app", path=path, dist=dist),))
    assert "proxy_pass http://frontend-app" in rendered(of)["nginx/sites/app.localhost.conf"]


def test_a_link_that_leads_out_of_the_project_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "index.html").write_text("x")
    root = tmp_path / "shop"
    root.mkdir()
    (root / "dist").symlink_to(tmp_path / "outside")
    of = project(root, env=Environment.PROD, frontends=(frontend("app", dist="dist"),))
    assert "proxy_pass http://frontend-app" in rendered(of)["nginx/sites/app.localhost.conf"]
