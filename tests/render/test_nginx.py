"""The proxy as its clients meet it: a real nginx over TLS."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from websockets.sync.client import connect

from nself.errors import ConfigError, ConfigProblemsError
from nself.model.project import Environment, Frontend
from nself.model.proxy import proxy_settings
from nself.model.spec import Route
from nself.render import nginx
from nself.render.nginx.syntax import quoted
from nself.services import catalogue
from tests.cluster import free_port
from tests.render.checkers import nginx_accepts
from tests.render.proxy import Proxy, proxy, service, trusting
from tests.render.rendering import render
from tests.services.projects import custom, network, project


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """A dev project; the small service is where GraphQL would be."""
    folder = tmp_path_factory.mktemp("dev")
    (folder / "public").mkdir()
    (folder / "public" / "index.html").write_text("<h1>static</h1>")
    (folder / "public" / ".env").write_text("SECRET=1")
    with proxy(project(folder, custom=(custom(),)), folder, behind="graphql") as running:
        yield running


def test_a_request_reaches_its_service_with_who_asked_and_how(dev: Proxy) -> None:
    seen = dev.get("api.localhost", "/v1/graphql", headers={"X-Forwarded-For": "6.6.6.6"}).json()
    assert seen["path"] == "/v1/graphql"
    assert seen["headers"]["host"] == f"api.localhost:{dev.port}"
    assert seen["headers"]["x-forwarded-for"] == seen["headers"]["x-real-ip"] == "127.0.0.1"
    assert seen["headers"]["x-forwarded-proto"] == "https"
    assert "upgrade" not in seen["headers"]


def test_a_websocket_is_passed_through_tls(dev: Proxy) -> None:
    with socket.create_connection(("127.0.0.1", dev.port)) as raw:
        url = f"wss://api.localhost:{dev.port}/socket"
        with connect(url, sock=raw, ssl=trusting(dev.folder), server_hostname="api.localhost", proxy=None) as live:
            live.send("hello")
            assert live.recv() == "hello"


def test_it_speaks_http_2_and_keeps_the_host(dev: Proxy) -> None:
    assert dev.curl("api.localhost", "/x", "--http2", "-o", "/dev/null", "-w", "%{http_version}") == "2"
    assert f'"host":"api.localhost:{dev.port}"' in dev.curl("api.localhost", "/x", "--http2")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_it_speaks_tls_1_2_and_1_3(dev: Proxy, version: ssl.TLSVersion) -> None:
    context = trusting(dev.folder)
    context.minimum_version = context.maximum_version = version
    raw = socket.create_connection(("127.0.0.1", dev.port))
    with context.wrap_socket(raw, server_hostname="api.localhost") as secured:
        assert secured.version() == {"TLSv1_2": "TLSv1.2", "TLSv1_3": "TLSv1.3"}[version.name]


def test_plain_http_is_redirected_with_method_and_query_kept(dev: Proxy) -> None:
    plain = dev.net.listen("nginx", "http").port
    answer = dev.client.get(f"http://api.localhost:{plain}/a?b=1")
    assert answer.status_code == 308
    assert answer.headers["location"] == f"https://api.localhost:{dev.port}/a?b=1"


def test_a_host_that_is_none_of_ours_is_hung_up_on(dev: Proxy) -> None:
    for port, tls in ((dev.port, True), (dev.net.listen("nginx", "http").port, False)):
        raw = socket.create_connection(("127.0.0.1", port))
        context = trusting(dev.folder)
        link = context.wrap_socket(raw, server_hostname="api.localhost") if tls else raw
        with link:
            link.sendall(b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n")
            with contextlib.suppress(ConnectionResetError):
                assert link.recv(100) == b""


def test_a_service_that_is_down_is_a_502_that_programs_and_people_can_read(dev: Proxy) -> None:
    answer = dev.get("auth.localhost", "/v1/token")
    assert (answer.status_code, answer.json()["error"]) == (502, "service-unavailable")
    assert answer.headers["retry-after"] == "2"
    assert answer.headers["x-content-type-options"] == "nosniff"
    page = dev.get("auth.localhost", "/", headers={"Accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    assert "<h1>Service unavailable</h1>" in page.text


def test_a_custom_service_that_is_down_takes_nothing_else_with_it(dev: Proxy) -> None:
    assert dev.get("web.localhost").status_code == 502
    assert dev.get("api.localhost").status_code == 200


def test_internal_answers_cannot_be_asked_for(dev: Proxy) -> None:
    assert dev.get("api.localhost", "/.nself/502.json").status_code == 404


def test_a_body_beyond_the_limit_is_a_413(dev: Proxy) -> None:
    answer = dev.client.post(dev.url("auth.localhost", "/v1/signup"), content=b"x" * (1024 * 1024 + 1))
    assert (answer.status_code, answer.json()["error"]) == (413, "payload-too-large")
    accepted = dev.client.post(dev.url("api.localhost", "/v1/graphql"), content=b"x" * (2 * 1024 * 1024))
    assert accepted.json()["size"] == 2 * 1024 * 1024


def test_every_answer_carries_security_headers_and_a_request_id(dev: Proxy) -> None:
    for host in ("api.localhost", "localhost", "web.localhost"):
        headers = dev.get(host).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "strict-origin-when-cross-origin"
        assert len(headers["x-request-id"]) == 32
        assert "strict-transport-security" not in headers


def test_a_service_that_sets_a_security_header_itself_is_left_alone(dev: Proxy) -> None:
    assert dev.get("api.localhost", "/framed").headers.get_list("x-frame-options") == ["DENY"]
    assert dev.get("api.localhost", "/other").headers.get_list("x-frame-options") == ["SAMEORIGIN"]


def test_a_plain_request_id_of_the_client_is_kept_and_any_other_is_replaced(dev: Proxy) -> None:
    kept = dev.get("api.localhost", headers={"X-Request-ID": "abc-12345678"})
    assert kept.headers["x-request-id"] == "abc-12345678" == kept.json()["headers"]["x-request-id"]
    assert dev.get("api.localhost", headers={"X-Request-ID": 'a"b{}; drop'}).headers["x-request-id"] != 'a"b{}; drop'


def test_text_is_compressed(dev: Proxy) -> None:
    answer = dev.get("api.localhost", "/large", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"


def test_the_base_domain_serves_the_projects_static_files_and_no_dotfiles(dev: Proxy) -> None:
    assert dev.get("localhost").text == "<h1>static</h1>"
    assert dev.get("127.0.0.1").text == "<h1>static</h1>"
    assert dev.get("localhost", "/.env").status_code == 404
    assert dev.get("localhost", "/missing").status_code == 404


def test_health_answers_on_loopback_without_tls(dev: Proxy) -> None:
    at = dev.net.endpoint("nginx", "health")
    assert dev.client.get(f"{at.url}/health").text == "ok\n"
    assert dev.client.get(f"{at.url}/other").status_code == 404


def test_the_access_log_is_json_without_the_query(dev: Proxy) -> None:
    dev.get("api.localhost", "/logged?token=very-secret", headers={"User-Agent": 'a "b"\n'.strip()})
    (line,) = dev.logged_of("/logged")
    assert (line["host"], line["method"], line["status"]) == ("api.localhost", "GET", "200")
    assert line["agent"] == 'a "b"'
    assert "very-secret" not in dev.log.read_text()


def test_a_development_server_is_found_on_either_loopback_address(tmp_path: Path) -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    port = free_port()
    of = project(tmp_path, frontends=(Frontend(name="page", display_name="Page", port=port, host="page.localhost"),))
    with proxy(of, tmp_path) as running, service(port, host="::1"):
        assert running.get("page.localhost", "/here").json()["path"] == "/here"


# -- limits


def test_too_many_sign_ins_are_a_429_that_says_when_to_come_back(tmp_path: Path) -> None:
    of = project(tmp_path, values={"NGINX_RATE_LIMIT_ENABLED": "true", "NGINX_AUTH_RATE_LIMIT": "1r/m"})
    with proxy(of, tmp_path, behind="auth") as running:
        tries = [running.get("auth.localhost", "/v1/signin/email-password") for _ in range(12)]
        assert [answer.status_code for answer in tries] == [200] * 11 + [429]
        assert tries[-1].json()["error"] == "too-many-requests"
        assert tries[-1].headers["retry-after"] == "1"
        assert tries[-1].headers["access-control-allow-origin"] == "*"
        assert running.get("auth.localhost", "/v1/user").status_code == 200


def test_the_general_limit_holds_for_every_service(tmp_path: Path) -> None:
    of = project(tmp_path, values={"NGINX_RATE_LIMIT_ENABLED": "true", "NGINX_RATE_LIMIT": "1r/m"})
    with proxy(of, tmp_path, behind="graphql") as running:
        codes = [running.get("api.localhost").status_code for _ in range(202)]
        assert codes == [200] * 201 + [429]


def test_a_custom_service_has_its_own_limit_a_minute_even_in_dev(tmp_path: Path) -> None:
    of = project(tmp_path, custom=(custom(rate_per_minute=5),))
    with proxy(of, tmp_path, behind="web") as running:
        assert [running.get("web.localhost").status_code for _ in range(6)] == [200] * 5 + [429]


def test_in_dev_nobody_is_limited_unless_asked_for() -> None:
    assert "limit_req zone=" not in "".join(render(project()).values())
    assert "limit_req zone=general" in render(project(env=Environment.PROD))["nginx/sites/api.localhost.conf"]


# -- what is rendered


def test_only_production_with_tls_asks_browsers_for_https_forever() -> None:
    assert "Strict-Transport-Security" in render(project(env=Environment.PROD))["nginx/headers.conf"]
    assert "Strict-Transport-Security" not in render(project(env=Environment.STAGING))["nginx/headers.conf"]
    plain = render(project(env=Environment.PROD, values={"SSL_MODE": "none"}))
    assert "Strict-Transport-Security" not in plain["nginx/headers.conf"]


def test_a_server_is_reachable_from_outside_and_a_laptop_is_not() -> None:
    assert "listen 127.0.0.1:8443 ssl" in render(project())["nginx/sites/api.localhost.conf"]
    assert "listen 0.0.0.0:443 ssl" in render(project(env=Environment.PROD))["nginx/sites/api.localhost.conf"]


def test_a_frontend_at_the_base_domain_takes_the_place_of_static_files() -> None:
    frontend = Frontend(name="shop", display_name="Shop", port=3000, host="localhost")
    text = render(project(frontends=(frontend,)))["nginx/sites/localhost.conf"]
    assert "proxy_pass http://frontend-shop" in text
    assert "try_files" not in text


def test_a_frontends_development_server_is_reached_with_its_websocket(tmp_path: Path) -> None:
    frontend = Frontend(name="shop", display_name="Shop", port=free_port(), host="localhost")
    with proxy(project(tmp_path, frontends=(frontend,)), tmp_path) as running, service(frontend.port):
        assert running.get("localhost", "/page").json()["path"] == "/page"


def test_uploads_are_passed_on_as_they_arrive() -> None:
    assert "proxy_request_buffering off" in render(project())["nginx/sites/storage.localhost.conf"]


@pytest.mark.parametrize("host", ["a b", "a;b", 'a"b', "a\nb", "a{b", "-a", "a..b", "$host", "*", "a" * 254, ""])
def test_what_is_no_host_name_never_reaches_the_configuration(host: str) -> None:
    of = project(custom=(custom(host=host),))
    net = network(of)
    specs = catalogue.specs(of, net)
    with pytest.raises(ConfigError, match="is not a host name"):
        nginx.render(specs, net, of, proxy_settings(of))


HOSTILE = st.text(st.sampled_from("ab./~*$;{}\"'\\ \t\n#%=()é"), min_size=1, max_size=12)


@given(host=HOSTILE, path=HOSTILE, root=HOSTILE)
@example(host="a.b", path="/x;} server { listen 1;", root='public"; } server {')
@example(host="a.b", path="/ok", root="folder with spaces; and {braces} 'quotes' \\ #")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
def test_whatever_users_write_it_is_refused_or_stays_one_word(tmp_path: Path, host: str, path: str, root: str) -> None:
    of = project()
    net = network(of)
    route = Route(host=host, path=f"/{path}", port="http")
    specs = [replace(spec, routes=(route,)) if spec.name == "auth" else spec for spec in catalogue.specs(of, net)]
    try:
        files = nginx.render(specs, net, of, replace(proxy_settings(of), web_root=root))
    except ConfigError:
        return
    nginx_accepts(files, of, tmp_path / "".join(format(ord(letter), "x") for letter in host))
    sites = "".join(text for name, text in files.items() if "/sites/" in name)
    assert sites.count("\nserver {") == len([name for name in files if "/sites/" in name])


@pytest.mark.parametrize("root", ["$document_root", "a\nb", "", "a$b", "/etc", "../x", ".", "a/../..", ".nself"])
def test_a_web_root_that_nginx_could_not_be_told_is_a_problem(root: str) -> None:
    with pytest.raises(ConfigProblemsError, match="NGINX_WEB_ROOT"):
        proxy_settings(project(values={"NGINX_WEB_ROOT": root}))


def test_an_international_host_is_written_as_dns_knows_it() -> None:
    files = render(project(custom=(custom(host="bücher.localhost"),)))
    assert "server_name xn--bcher-kva.localhost;" in files["nginx/sites/xn--bcher-kva.localhost.conf"]


def test_words_are_quoted_only_when_they_must_be() -> None:
    assert quoted("127.0.0.1:80") == "127.0.0.1:80"
    assert quoted('a "b"; c\n') == '"a \\"b\\"; c\\n"'
    assert quoted("") == '""'
