"""Python functions: what they are given, what they may return, how they fail."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.functions.conftest import Folder, Running

ECHO = """
    def handler(event, context):
        body = event["body"]
        raw = event.pop("raw_body")
        event["body"] = body.decode("latin-1") if isinstance(body, bytes) else body
        event["headers"] = {k: v for k, v in event["headers"].items() if k.startswith("x-") or k == "cookie"}
        return {**event, "raw_size": len(raw), "name": context.function_name, "id": context["requestId"]}
"""


@pytest.fixture
def echo(functions: Folder, server: httpx.Client) -> httpx.Client:
    functions.write("echo.py", ECHO)
    return server


def test_a_function_sees_the_whole_request(echo: httpx.Client) -> None:
    answer = echo.put(
        "/echo?a=1&b=2&b=3&empty=",
        json={"n": [1, None]},
        headers=[(b"X-Request-Id", b"abc-1"), (b"X-Other", "é".encode())],
    )
    assert answer.status_code == 200
    assert answer.headers["x-request-id"] == "abc-1"
    assert answer.json() == {
        "method": "PUT",
        "path": "/echo",
        "query": {"a": "1", "b": ["2", "3"], "empty": ""},
        "headers": {"x-request-id": "abc-1", "x-other": "é"},
        "body": {"n": [1, None]},
        "raw_size": 14,
        "name": "echo",
        "id": "abc-1",
    }


@pytest.mark.parametrize(
    ("content_type", "sent", "seen"),
    [
        ("application/json", b'{"a": 1}', {"a": 1}),
        ("application/vnd.api+json; charset=utf-8", b"[1]", [1]),
        ("application/json", b"{broken", "{broken"),
        ("application/x-www-form-urlencoded", b"a=1&b=2&b=3", {"a": "1", "b": ["2", "3"]}),
        ("text/plain", "grün".encode(), "grün"),
        ("image/png", b"\xff\xd8\x00", "\xff\xd8\x00"),
        ("application/json", b"", None),
    ],
)
def test_the_body_arrives_as_what_its_type_says(
    echo: httpx.Client, content_type: str, sent: bytes, seen: object
) -> None:
    assert echo.post("/echo", content=sent, headers={"content-type": content_type}).json()["body"] == seen


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
def test_every_method_reaches_the_function(echo: httpx.Client, method: str) -> None:
    assert echo.request(method, "/echo").json()["method"] == method


@pytest.mark.parametrize(
    ("returned", "status", "content_type", "body"),
    [
        ('{"statusCode": 201, "body": {"a": "ü"}}', 201, "application/json; charset=utf-8", '{"a":"ü"}'.encode()),
        ('{"statusCode": "404"}', 404, None, b""),
        ('{"statusCode": 200, "body": "<p>", "headers": {"Content-Type": "text/html"}}', 200, "text/html", b"<p>"),
        ('{"statusCode": 200, "body": "aGk=", "isBase64Encoded": True}', 200, "text/plain; charset=utf-8", b"hi"),
        ('{"status": "no status code"}', 200, "application/json; charset=utf-8", b'{"status":"no status code"}'),
        ('"text"', 200, "text/plain; charset=utf-8", b"text"),
        (r'b"\x00\xff"', 200, "application/octet-stream", b"\x00\xff"),
        ("[1, 2]", 200, "application/json; charset=utf-8", b"[1,2]"),
        ("None", 204, None, b""),
    ],
)
def test_what_a_function_returns_is_sent(
    functions: Folder, server: httpx.Client, returned: str, status: int, content_type: str | None, body: bytes
) -> None:
    functions.write("f.py", f"def handler(event, context):\n    return {returned}\n")
    answer = server.get("/f")
    assert (answer.status_code, answer.headers.get("content-type"), answer.content) == (status, content_type, body)


def test_a_header_may_come_several_times(functions: Folder, server: httpx.Client) -> None:
    functions.write(
        "f.py",
        'def handler(e, c):\n    return {"statusCode": 200, "headers": {"Set-Cookie": ["a=1", "b=2"], "X-N": 1}}\n',
    )
    headers = server.get("/f").headers
    assert headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert headers["x-n"] == "1"


def test_async_handlers_share_one_loop(functions: Folder, server: httpx.Client) -> None:
    functions.write(
        "f.py",
        """
        import asyncio
        loops = []

        async def handler(event, context):
            await asyncio.sleep(0)
            loops.append(asyncio.get_running_loop())
            return {"calls": len(loops), "loops": len(set(loops))}
        """,
    )
    server.get("/f")
    assert server.get("/f").json() == {"calls": 2, "loops": 1}


def test_functions_import_their_neighbours(functions: Folder, server: httpx.Client) -> None:
    functions.write("_greeting.py", 'WORD = "Hello"\n')
    functions.write("users/index.py", "from _greeting import WORD\ndef handler(e, c): return [WORD, c.functionName]\n")
    assert server.get("/users").json() == ["Hello", "users"]


def test_a_function_does_not_hide_a_module_of_its_name(functions: Folder, server: httpx.Client) -> None:
    functions.write("email.py", "def handler(e, c): return 'mine'\n")
    functions.write("f.py", "import email.message\ndef handler(e, c): return email.message.Message.__name__\n")
    assert [server.get(path).text for path in ("/email", "/f")] == ["mine", "Message"]


def test_a_function_is_a_module_like_any_other(functions: Folder, server: httpx.Client) -> None:
    functions.write(
        "f.py",
        """
        from __future__ import annotations
        import dataclasses, pickle

        @dataclasses.dataclass
        class Point:
            x: int

        def handler(event, context):
            return [pickle.loads(pickle.dumps(Point(7))).x, __name__]
        """,
    )
    assert server.get("/f").json() == [7, "function_f"]


def test_a_python_that_cannot_be_started_is_named(functions: Folder, running: Running) -> None:
    functions.write("f.py", "def handler(e, c): return 1\n")
    with running(python="/nowhere/python") as server:
        answer = server.get("/f")
    assert answer.status_code == 502
    assert answer.json()["detail"] == "/nowhere/python cannot be started: No such file or directory"


def test_an_exception_shows_its_stack_in_dev(functions: Folder, server: httpx.Client) -> None:
    functions.write("f.py", "def inner():\n    raise KeyError('gone')\n\ndef handler(e, c):\n    inner()\n")
    answer = server.get("/f")
    assert answer.status_code == 500
    body = answer.json()
    assert (body["code"], body["function"], body["detail"]) == ("failed", "f", "KeyError: 'gone'")
    assert "line 2, in inner" in body["stack"]
    assert "workers/python.py" not in body["stack"]


def test_an_exception_says_nothing_outside_dev(functions: Folder, running: Running) -> None:
    functions.write("f.py", "def handler(e, c):\n    raise ValueError('a secret detail')\n")
    with running(dev=False) as server:
        answer = server.get("/f", headers={"x-request-id": "r1"})
    assert answer.status_code == 500
    assert answer.json() == {"error": "the function failed", "code": "failed", "function": "f", "requestId": "r1"}


@pytest.mark.parametrize(
    ("source", "detail"),
    [
        ("def handler(e, c):\n    return 1 +\n", "f.py:2: SyntaxError: invalid syntax"),
        ("import nowhere\n", "ModuleNotFoundError: No module named 'nowhere'"),
        ("x = 1\n", "f.py has no function `handler(event, context)`"),
        ("import sys; sys.exit(3)\n", "SystemExit: 3"),
        ("def handler(e): return 1\n", "TypeError: handler() takes 1 positional argument but 2 were given"),
        ("def handler(e, c): return {1, 2}\n", "cannot be sent as JSON: Object of type set"),
        ("def handler(e, c): return float('nan')\n", "cannot be sent as JSON: Out of range float"),
        ("def handler(e, c): return {'statusCode': 'no'}\n", "statusCode must be a number, got 'no'"),
        ("def handler(e, c): return {'statusCode': 99}\n", "it answered with status 99"),
        ("def handler(e, c): return {'statusCode': 200, 'headers': []}\n", None),
        ("def handler(e, c): return {'statusCode': 200, 'headers': ['a']}\n", "headers must be a dict, got list"),
        ("def handler(e, c): return {'statusCode': 200, 'headers': {'a': 'b\\r\\nc: d'}}\n", "line break in header a"),
        ("def handler(e, c): return {'statusCode': 200, 'headers': {'a b': 'c'}}\n", "no valid name: 'a b'"),
        ("def handler(e, c): raise SystemExit\n", "SystemExit"),
    ],
)  # fmt: skip
def test_a_mistake_is_named(functions: Folder, server: httpx.Client, source: str, detail: str | None) -> None:
    functions.write("f.py", source)
    answer = server.get("/f")
    if detail is None:
        assert answer.status_code == 200
    else:
        assert answer.status_code == 500
        assert detail in answer.json()["detail"]


def test_functions_see_only_the_variables_they_are_given(
    functions: Folder, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVER_ONLY", "hidden")
    functions.write("f.py", "import os\ndef handler(e, c): return dict(os.environ)\n")
    with running(
        variables={"STRIPE_KEY": "sk"},
        graphql_url="http://localhost/v1/graphql",
        jwt_secret={"type": "HS256", "key": "k"},
    ) as server:
        seen = server.get("/f").json()
    assert seen["STRIPE_KEY"] == "sk"
    assert seen["NHOST_GRAPHQL_URL"] == seen["GRAPHQL_URL"] == "http://localhost/v1/graphql"
    assert seen["NHOST_ADMIN_SECRET"] == seen["HASURA_GRAPHQL_ADMIN_SECRET"]
    assert json.loads(seen["NHOST_JWT_SECRET"]) == {"type": "HS256", "key": "k"}
    assert seen["NODE_ENV"] == "development"
    assert "SERVER_ONLY" not in seen
    assert "DATABASE_URL" not in seen
