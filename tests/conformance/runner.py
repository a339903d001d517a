"""Playing a class of cases against a server: set up, the cases in order, tear down."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.cluster import Cluster
from tests.conformance import server, webhooks, websocket
from tests.conformance.cases import Group, Json, Step, read_yaml
from tests.conformance.clusters import needs
from tests.conformance.compare import both_errors, difference

_PLACEHOLDER = re.compile(r"\{\{(ADMIN_SECRET|HGE_URL|NOW(?:\+(\d+))?|\$(\w+))\}\}")


@dataclass(frozen=True)
class Outcome:
    """`reason` is None for a pass; `exact` means that no error's wording had to be forgiven."""

    id: str
    reason: str | None = None
    exact: bool = True


class CaseFailed(Exception):  # noqa: N818 - a verdict, not an error of the runner
    """A step did not hold."""


@dataclass
class Play:
    """One case (or a set-up) being played: the replies so far, saved values, whether all matches were exact."""

    client: server.Client
    folder: Path
    replies: list[httpx.Response | None]
    saved: dict[str, Any]
    helpers: Mapping[str, webhooks.Helper]
    exact: bool = True

    @classmethod
    def on(cls, client: server.Client, folder: Path, helpers: Mapping[str, webhooks.Helper]) -> Play:
        return cls(client, folder, [], {}, helpers)

    async def steps(self, steps: Sequence[Step]) -> None:
        for step in steps:
            perform = getattr(self, f"_{step['op']}", None)
            if perform is None:
                raise CaseFailed(f"the runner has no step {step['op']}")
            self.replies.append(await _patiently(perform, step))

    async def _request(self, step: Step) -> httpx.Response:
        body = read_yaml(self.folder / step["file"]) if "file" in step else self._filled(step.get("body"))
        headers = self._filled(step.get("headers", {}))
        if not step.get("exact_headers"):
            headers = {"X-Hasura-Admin-Secret": server.ADMIN_SECRET, **headers}
        reply = await self.client.post(step["url"], json=body, headers=headers)
        if step.get("status") is not None and reply.status_code != step["status"]:
            raise CaseFailed(f"{step.get('file', step['url'])}: status {reply.status_code}: {_short(reply.text)}")
        return reply

    async def _check(self, step: Step) -> httpx.Response | None:
        found = self._filled(step["case"]) if "case" in step else read_yaml(self.folder / step["file"])
        deadline = asyncio.get_running_loop().time() + step.get("retry_for", 0)
        reply = None
        for number, case in enumerate(found if isinstance(found, list) else [found]):
            while True:
                try:
                    reply = await self._check_one(case, step)
                    break
                except CaseFailed as failed:
                    if asyncio.get_running_loop().time() > deadline:
                        raise CaseFailed(f"{step.get('file', 'inline case')}[{number}]: {failed}") from failed
                await asyncio.sleep(0.2)
        return reply

    async def _check_one(self, case: dict[str, Any], step: Step) -> httpx.Response:
        content = _content(case, add_auth=step.get("add_auth", True) or "secret_header" in step)
        if step.get("transport", "http") == "http":
            method = case.get("method", "POST").replace("POSTJSON", "POST")
            reply = await self.client.request(method, case["url"], **content)
            if reply.status_code != case.get("status", 200):
                raise CaseFailed(f"status {reply.status_code}, expected {case.get('status', 200)}: {reply.text[:600]}")
        else:
            reply = await self._over_socket(case, content["headers"], step)
        allowed = case.get("allowed_responses") or [case]
        verdicts = [self._judge(case, variant, reply) for variant in allowed]
        if all(verdicts):
            raise CaseFailed(f"{verdicts[0]}\n    reply: {reply.text[:900]}")
        return reply

    async def _over_socket(self, case: dict[str, Any], headers: dict[str, str], step: Step) -> httpx.Response:
        try:
            body = await websocket.asked(self.client, case["url"], case["query"], headers, step)
        except (websocket.DialogueFailed, TimeoutError) as failed:
            raise CaseFailed(f"{type(failed).__name__}: {failed}") from failed
        return httpx.Response(200, json=body)

    async def _websocket(self, step: Step) -> None:
        try:
            await websocket.dialogue(self.client, step, self._filled)
        except (websocket.DialogueFailed, TimeoutError) as failed:
            raise CaseFailed(f"{type(failed).__name__}: {failed}") from failed

    def _judge(self, case: dict[str, Any], variant: dict[str, Any], reply: httpx.Response) -> str | None:
        for name, value in (variant.get("resp_headers") or {}).items():
            if reply.headers.get(name) != value:
                return f"header {name}: {reply.headers.get(name)!r}, expected {value!r}"
        expected = variant.get("response")
        if not expected:
            return None
        got = json.loads(reply.content)
        query = case.get("query")
        single = query.get("query") if isinstance(query, dict) and "graphql" in case["url"] else None
        verdict = difference(expected, got, query=single if isinstance(single, str) else None)
        if verdict and both_errors(expected, got):
            self.exact = False
            return None
        return verdict

    async def _expect(self, step: Step) -> None:
        reply = self.replies[step["of"]]
        assert reply is not None
        what: Json = {"body": None, "status": reply.status_code, "headers": reply.headers}[step.get("what", "body")]
        value = _at(json.loads(reply.content) if what is None else what, step["path"])
        if "equals" in step and difference(self._filled(step["equals"]), value):
            raise CaseFailed(f"{step['path']}: {value!r}, expected {step['equals']!r}")
        if "not_equals" in step and not difference(step["not_equals"], value):
            raise CaseFailed(f"{step['path']} is {value!r}")
        if "has" in step and step["has"] not in value:
            raise CaseFailed(f"{step['path']} has no {step['has']!r}")

    async def _save(self, step: Step) -> None:
        reply = self.replies[step["of"]]
        assert reply is not None
        self.saved[step["as"]] = _at(json.loads(reply.content), step["path"])

    async def _add_source(self, step: Step) -> None:
        url = {"from_env": "HASURA_GRAPHQL_PG_SOURCE_URL_1"}
        configuration = {"connection_info": {"database_url": url}}
        args = {"name": step["name"], "configuration": configuration, "customization": step["customization"]}
        await self._request({"url": "/v1/metadata", "body": {"type": "pg_add_source", "args": args}, "status": 200})

    async def _drop_source(self, step: Step) -> None:
        args = {"name": step["name"], "cascade": True}
        await self._request({"url": "/v1/metadata", "body": {"type": "pg_drop_source", "args": args}, "status": 200})

    async def _sleep(self, step: Step) -> None:
        await asyncio.sleep(step["seconds"])

    async def _expect_events(self, step: Step) -> None:
        for _ in step["data"]:
            delivery = await self._delivery("events_webhook", step)
            if verdict := webhooks.event_differs(step, delivery.body):
                raise CaseFailed(verdict)

    async def _expect_no_event(self, step: Step) -> None:
        with contextlib.suppress(webhooks.NothingCameError):
            delivery = await self.helpers["events_webhook"].next(step["within"])
            raise CaseFailed(f"an event came: {_short(str(delivery.body))}")

    async def _expect_delivery(self, step: Step) -> None:
        delivery = await self._delivery(step["helper"], step)
        for dotted, value in step.get("body_has", {}).items():
            if verdict := difference(value, _at(delivery.body, dotted.split("."))):
                raise CaseFailed(f"{dotted}: {verdict}")
        if missing := set(step.get("body_keys", ())) - set(delivery.body):
            raise CaseFailed(f"the delivery has no {sorted(missing)}")

    async def _delivery(self, helper: str, step: Step) -> webhooks.Delivery:
        """The next one, which must be at the step's path and carry its headers."""
        delivery = await self.helpers[helper].next(step["within"])
        if delivery.path != step["path"]:
            raise CaseFailed(f"delivered at {delivery.path}, expected {step['path']}: {_short(str(delivery.body))}")
        for name, value in step.get("headers", {}).items():
            if delivery.headers.get(name.lower()) != value:
                raise CaseFailed(f"header {name}: {delivery.headers.get(name.lower())!r}, expected {value!r}")
        return delivery

    def _filled(self, value: Json) -> Json:
        match value:
            case str():
                return _PLACEHOLDER.sub(self._value, value)
            case list():
                return [self._filled(item) for item in value]
            case dict():
                return {key: self._filled(item) for key, item in value.items()}
            case _:
                return value

    def _value(self, match: re.Match[str]) -> str:
        word = match[1]
        if word.startswith("$"):
            return str(self.saved[word[1:]])
        if word.startswith("NOW"):
            moment = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=int(match[2] or 0))
            return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"ADMIN_SECRET": server.ADMIN_SECRET, "HGE_URL": server.URL}[word]


async def run_class(cluster: Cluster, folder: Path, group: Group) -> list[Outcome]:
    """Every case's outcome. A set-up that fails fails them all; a failing teardown fails none."""
    requires = needs(folder, group)
    async with webhooks.running(requires) as helpers:
        environ = {**webhooks.variables(helpers), **(group.get("env") or {})}
        further = "second_source" in requires
        async with server.serving(cluster, environ, postgis="postgis" in requires, further=further) as client:
            for helper in helpers.values():
                helper.engine = client
            try:
                await Play.on(client, folder, helpers).steps(group.get("setup", []))
            except (CaseFailed, httpx.HTTPError) as failed:
                return [Outcome(case["id"], f"set-up: {failed}") for case in group["cases"]]
            return [await _run_case(Play.on(client, folder, helpers), group, case) for case in group["cases"]]


async def _run_case(play: Play, group: Group, case: dict[str, Any]) -> Outcome:
    def another() -> Play:
        return Play.on(play.client, play.folder, play.helpers)

    try:
        await another().steps(case.get("setup", group.get("case_setup", [])))
        await play.steps(case["steps"])
        return Outcome(case["id"], exact=play.exact)
    except (CaseFailed, webhooks.NothingCameError, httpx.HTTPError, ValueError, LookupError) as failed:
        return Outcome(case["id"], f"{type(failed).__name__}: {failed}".removeprefix("CaseFailed: "))
    finally:
        for step in case.get("teardown", group.get("case_teardown", [])):
            try:
                await another().steps([step])
            except CaseFailed:
                continue


async def _patiently(perform: Callable[[Step], Awaitable[Any]], step: Step) -> Any:
    """A step that may fail for some seconds (`retry_for`) is repeated."""
    deadline = asyncio.get_running_loop().time() + step.get("retry_for", 0)
    while True:
        try:
            return await perform(step)
        except CaseFailed:
            if asyncio.get_running_loop().time() >= deadline:
                raise
            await asyncio.sleep(0.1)


def _content(case: dict[str, Any], *, add_auth: bool) -> dict[str, Any]:
    headers = {name: str(value) for name, value in (case.get("headers") or {}).items()}
    if add_auth:
        headers.setdefault("X-Hasura-Admin-Secret", server.ADMIN_SECRET)
    method, body = case.get("method", "POST"), case.get("body")
    if method in ("GET", "DELETE"):
        return {"headers": headers}
    if method == "POSTJSON" or body is None:
        return {"headers": headers, "json": case.get("query") if body is None else body}
    return {"headers": headers, **({"content": body} if isinstance(body, str) else {"data": body})}


def _short(text: str) -> str:
    """Beginning and end: the statement in the middle is long, what is wrong with it stands last."""
    return text if len(text) < 600 else f"{text[:200]} … {text[-350:]}"


def _at(value: Json, path: Sequence[str | int]) -> Json:
    for key in path:
        value = value[key]
    return value
