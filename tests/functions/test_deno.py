"""TypeScript and JavaScript functions on a real Deno: the styles, what they may return, what they may touch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.functions.conftest import Folder, Running, serving
from tests.functions.test_faults import wait_for

STYLES = {
    "web.ts": """
        export default async (req: Request): Promise<Response> => {
          const text: string = await req.text();
          return new Response(`${req.method} ${new URL(req.url).searchParams.get("a")} ${text}`, {
            status: 201, headers: [["x-a", "1"], ["set-cookie", "a=1"], ["set-cookie", "b=2"]],
          });
        };
    """,
    "context.ts": """
        export default (req: Request, ctx: { functionName: string; requestId: string }) =>
          Response.json([ctx.functionName, ctx.requestId]);
    """,
    "fetch.js": "export default { fetch(req, ctx) { return new Response(ctx.function_name + req.method) } }",
    "event.ts": """
        export async function handler(event: any, context: any) {
          return { statusCode: 202, headers: { "X-N": 7 }, body: { ...event, rawBody: event.rawBody.length, headers: 0,
                   name: context.functionName } };
        }
    """,
    "common.js": """
        const { join } = require("path");
        exports.handler = async (event) => ({ statusCode: 200, body: join("a", event.query.b) });
    """,
    "plain.js": "export const handler = () => ['any', { value: 1 }]",
    "express.ts": """
        export default (req: any, res: any) => {
          res.status(203).set("X-B", "2").json({ method: req.method, url: req.url, query: req.query, body: req.body,
            host: typeof req.hostname, agent: req.get("User-Agent"), raw: req.rawBody });
        };
    """,
    "late.js": "export default (req, res) => { setTimeout(() => res.send('later'), 20) }",
    "redirect.js": "export default async function (req, res) { res.redirect('/web') }",
    "nothing.js": "export const handler = () => undefined",
    "bytes.js": "export const handler = () => new Uint8Array([0, 255])",
    "nested/index.ts": "import { word } from './_word.ts'; export default () => new Response(word)",
    "nested/_word.ts": "export const word: string = 'from a neighbour'",
}


@pytest.fixture(scope="module")
def styles(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    folder = Folder(tmp_path_factory.mktemp("functions"))
    for name, text in STYLES.items():
        folder.write(name, text)
    return folder


@pytest.fixture(scope="module")
def deno(styles: Folder) -> Iterator[httpx.Client]:
    with serving(styles.path, dev=False) as client:
        yield client


def test_web_standard_handlers(deno: httpx.Client) -> None:
    answer = deno.post("/web?a=b", content=b"hello")
    assert (answer.status_code, answer.text) == (201, "POST b hello")
    assert answer.headers["x-a"] == "1"
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]


def test_web_handlers_may_take_a_context(deno: httpx.Client) -> None:
    assert deno.get("/context", headers={"x-request-id": "r1"}).json() == ["context", "r1"]
    assert deno.get("/fetch").text == "fetchGET"


def test_event_handlers(deno: httpx.Client) -> None:
    answer = deno.post("/event?a=1&b=2&b=3", json={"n": 1})
    assert answer.status_code == 202
    assert answer.headers["x-n"] == "7"
    assert answer.json() == {
        "method": "POST",
        "path": "/event",
        "query": {"a": "1", "b": ["2", "3"]},
        "headers": 0,
        "body": {"n": 1},
        "rawBody": 7,
        "name": "event",
    }
    assert deno.get("/plain").json() == ["any", {"value": 1}]
    assert deno.get("/nothing").status_code == 204
    assert deno.get("/bytes").content == b"\x00\xff"


def test_commonjs_handlers(deno: httpx.Client) -> None:
    assert deno.get("/common?b=c").text == "a/c"


def test_express_style_handlers(deno: httpx.Client) -> None:
    answer = deno.post("/express?q=1", json={"a": 2}, headers={"user-agent": "test"})
    assert answer.status_code == 203
    assert answer.headers["x-b"] == "2"
    assert answer.json() == {
        "method": "POST",
        "url": "/express?q=1",
        "query": {"q": "1"},
        "body": {"a": 2},
        "host": "string",
        "agent": "test",
        "raw": '{"a":2}',
    }
    assert deno.get("/late").text == "later"
    assert (deno.get("/redirect").status_code, deno.get("/redirect").headers["location"]) == (302, "/web")


def test_functions_import_their_neighbours(deno: httpx.Client) -> None:
    assert deno.get("/nested").text == "from a neighbour"


@pytest.mark.parametrize(
    ("source", "detail"),
    [
        ("export default () => { throw new Error('boom') }", "Error: boom"),
        ("export default () => { throw 'boom' }", "boom"),
        ("export default () => Promise.reject(new TypeError('late'))", "TypeError: late"),
        ("export const x = 1", "f exports no function"),
        ("export default () => 1 +\n", "f.ts:1:25: SyntaxError: Expression expected"),
        ("import './nowhere.ts'; export default () => 1", "nowhere.ts"),
        ("export const handler = () => ({ statusCode: 'no' })", 'statusCode must be a number, got "no"'),
        ("export const handler = () => 1n", "TypeError: Do not know how to serialize a BigInt"),
        ("export default (req, res) => res.set('a b', '1').end()", "no valid name: 'a b'"),
    ],
)
def test_a_mistake_is_named(functions: Folder, server: httpx.Client, source: str, detail: str) -> None:
    functions.write("f.ts", source)
    answer = server.get("/f")
    assert answer.status_code == 500
    assert detail in answer.json()["detail"]
    assert "deno$stdin" not in answer.text


def test_functions_reach_the_network_but_neither_write_nor_run_nor_read_elsewhere(
    functions: Folder, server: httpx.Client
) -> None:
    functions.write("data.txt", "mine")
    functions.write(
        "f.ts",
        """
        const outcome = async (act: () => unknown) => {
          try { await act(); return "done" } catch (error) { return (error as Error).name }
        };
        export default async (req: Request) => Response.json({
          own: await outcome(() => Deno.readTextFile("data.txt")),
          read: await outcome(() => Deno.readTextFile("/etc/passwd")),
          write: await outcome(() => Deno.writeTextFile("new.txt", "x")),
          run: await outcome(() => new Deno.Command("ls").output()),
          net: await (await fetch(new URL("/healthz", req.url))).text(),
        });
        """,
    )
    answer: Any = server.get("/f").json()
    assert answer.pop("net").startswith('{"status":"ok"')
    assert answer == {"own": "done", "read": "NotCapable", "write": "NotCapable", "run": "NotCapable"}


def test_functions_see_only_the_variables_they_are_given(
    functions: Folder, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVER_ONLY", "hidden")
    functions.write("f.ts", "export default () => Response.json(Deno.env.toObject())")
    with running(variables={"STRIPE_KEY": "sk"}) as server:
        seen = server.get("/f").json()
    assert seen["STRIPE_KEY"] == "sk"
    assert "SERVER_ONLY" not in seen


def test_packages_and_import_maps_of_the_folder_are_found(functions: Folder, server: httpx.Client) -> None:
    functions.write("package.json", '{"dependencies": {"greeter": "1.0.0"}}')
    functions.write("node_modules/greeter/package.json", '{"name": "greeter", "version": "1.0.0", "main": "main.js"}')
    functions.write("node_modules/greeter/main.js", "module.exports = (name) => `Hello, ${name}`")
    functions.write("deno.json", '{"imports": {"words/": "./_words/"}}')
    functions.write("_words/name.ts", "export const name: string = 'Ada'")
    functions.write(
        "f.ts",
        """
        import greet from "greeter";
        import { name } from "words/name.ts";
        export default () => new Response(greet(name));
        """,
    )
    assert server.get("/f").text == "Hello, Ada"
    assert sorted(entry.name for entry in functions.path.iterdir()) == [
        "_words", "deno.json", "f.ts", "node_modules", "package.json",
    ]  # fmt: skip


def test_a_promise_nobody_awaits_ends_no_worker(
    functions: Folder, server: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    functions.write(
        "f.ts",
        """
        export default () => {
          Promise.reject(new Error("forgotten"));
          setTimeout(() => { throw new Error("thrown later") });
          return new Response(String(Deno.pid));
        };
        """,
    )
    with caplog.at_level("INFO", logger="nself.functions"):
        first = server.get("/f").text
        wait_for(lambda: "forgotten" in caplog.text and "thrown later" in caplog.text)
        assert server.get("/f").text == first
