from __future__ import annotations

import json
import random
import re
import shutil
import subprocess

import pytest

from nself.auth.redirects import AllowList, parse, with_query
from nself.errors import ConfigError
from tests.auth.conftest import settings_of

LIST = AllowList.from_settings(
    settings_of(
        AUTH_CLIENT_URL="https://example.com/app",
        AUTH_ACCESS_CONTROL_ALLOWED_REDIRECT_URLS="http://localhost:3000, https://*.preview.example.com, myapp://,"
        "https://**.deep.example.com, https://api.example.com/v*/cb, exp://192.168.0.1:8081",
    )
)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/app",
        "https://example.com/app/",
        "https://example.com/app/below?next=https://evil.test#part",
        "HTTPS://EXAMPLE.com:443/app",
        "http://localhost:3000",
        "http://localhost:3000/any/path",
        "https://one.preview.example.com/x",
        "https://a.b.deep.example.com",
        "https://api.example.com/v2/cb",
        "myapp://sign-in/done",
        "exp://192.168.0.1:8081/--/x",
    ],
)
def test_what_is_listed_or_below_is_allowed(url: str) -> None:
    assert LIST.allows(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/app",
        "//example.com/app",
        "https:example.com/app",
        "https:/example.com/app",
        "http://example.com/app",
        "https://example.com/",
        "https://example.com/application",
        "https://example.com/app/../admin",
        "https://example.com/app/%2e%2e/admin",
        "https://example.com/app/..%2fadmin",
        "https://example.com:8443/app",
        "https://example.com.evil.test/app",
        "https://example.com@evil.test/app",
        "https://evil.test@example.com/app",
        "https://evil.test\\@example.com/app",
        "https://evil.test/\\example.com/app",
        "https://evil.test#@example.com/app",
        "https://evil.test?@example.com/app",
        "https://evil.test;.preview.example.com",
        "https://evil.test%2f.preview.example.com",
        "https://evil.test\uff0f.deep.example.com",
        "https://evil\u3002test.deep.example.com",
        "https://.preview.example.com",
        "https://a.b.preview.example.com",
        "https://preview.example.com",
        "https://api.example.com/v2/x/cb",
        "https://EXAMPLE.com/APP",
        " https://example.com/app",
        "https://example.com/app\n",
        "https://exam\tple.com/app",
        "https://example.com/app\r\nSet-Cookie: a=b",
        "javascript://example.com/app%0aalert(1)",
        "data:text/html,x",
        "myapp:sign-in",
        "exp://192.168.0.1:8082",
        "https://example.com/app/" + "a" * 3000,
    ],
)
def test_whatever_only_looks_alike_is_refused(url: str) -> None:
    assert not LIST.allows(url)


@pytest.mark.parametrize("variable", ["AUTH_CLIENT_URL", "AUTH_ACCESS_CONTROL_ALLOWED_REDIRECT_URLS"])
@pytest.mark.parametrize("text", ["localhost:3000", "https://", "example.com", "https://me@example.com"])
def test_an_entry_that_is_no_url_is_a_mistake_in_the_configuration(variable: str, text: str) -> None:
    with pytest.raises(ConfigError, match=f"{variable}: expected a URL"):
        AllowList.from_settings(settings_of(**{variable: text}))


SIGNS = [*r"/\@#?:;[].&=*~", "//", "..", "%2e", "%2f", "%5c", "%40", "%00", "\t", "\n", " ", "\u3002", "\uff0f"]
WORDS = ["https://", "http://", "HTTPS://", "https:", "myapp://", "443", "80", "user", "::1", "0x7f.1", "xn--", "/app"]
HOSTS = [
    "example.com",
    "evil.test",
    "localhost:3000",
    "one.preview.example.com",
    ".deep.example.com",
    "api.example.com",
]
PIECES = [*SIGNS, *WORDS, *HOSTS]


@pytest.mark.skipif(not shutil.which("node"), reason="Node has the URL parser of browsers")
def test_a_browser_goes_where_we_think_it_does() -> None:
    """Whatever is allowed, out of many hostile spellings, leads to an allowed host as browsers read it."""
    dice = random.Random(7)
    spelled = {dice.choice(WORDS) + "".join(dice.choices(PIECES, k=dice.randint(1, 6))) for _ in range(60_000)}
    allowed = sorted(url for url in spelled if LIST.allows(url))
    script = "const read = (url) => { try { return new URL(url).host } catch { return '' } };"
    script += "console.log(JSON.stringify(JSON.parse(require('fs').readFileSync(0)).map(read)))"
    ran = subprocess.run(["node", "-e", script], input=json.dumps(allowed), capture_output=True, text=True, check=True)
    hosts = {host for url, host in zip(allowed, json.loads(ran.stdout), strict=True) if not url.startswith("myapp:")}
    ours = re.compile(
        r"|example\.com|localhost:3000|api\.example\.com|[^.]+\.preview\.example\.com|.+\.deep\.example\.com"
    )
    assert {"example.com", "localhost:3000"} <= hosts
    assert not {host for host in hosts if not ours.fullmatch(host)}


def test_without_any_list_nothing_is_allowed() -> None:
    assert not AllowList.from_settings(settings_of(AUTH_CLIENT_URL="")).allows("https://example.com")


def test_the_port_of_an_ipv6_address_is_told_from_its_colons() -> None:
    target = parse("http://[::1]:3000/x")
    assert target and (target.host, target.port) == ("[::1]", "3000")
    target = parse("http://[::1]/x")
    assert target and (target.host, target.port) == ("[::1]", "")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example", "https://a.example?type=x"),
        ("https://a.example/b?c=d&type=old#e", "https://a.example/b?c=d&type=x#e"),
        ("myapp://", "myapp://?type=x"),
    ],
)
def test_query_parameters_are_set_in_place(url: str, expected: str) -> None:
    assert with_query(url, type="x") == expected
