"""One call of an action's webhook: what is sent, what may come back, and what the caller gets to see of a failure."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from nself.graphql import joins
from nself.graphql.errors import ApiError
from nself.graphql.metadata.actions import Action
from nself.graphql.transforms import apply
from nself.graphql.transforms.failures import TemplateError
from nself.graphql.webhooks.env_templates import Environ, UnsetVariableError, exported, filled
from nself.graphql.webhooks.outgoing import Call, Outgoing, OutgoingError, Reply, vouched_for
from nself.records import dataclass

Json = Any
T = TypeVar("T")
_MUCH: Final = 64 * 1024
_UNREACHABLE: Final = "http exception when calling webhook"
_NO_JSON: Final = "not a valid json response from webhook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What one caller asks of an action. `query` is the whole document, None for a call that was put off."""

    action: Action
    input: Json
    session_variables: Mapping[str, str]
    headers: Mapping[str, str]
    query: str | None = None

    @property
    def body(self) -> dict[str, Json]:
        told = {} if self.query is None else {"request_query": self.query}
        return {
            "action": {"name": self.action.name},
            "input": self.input,
            "session_variables": dict(self.session_variables),
            **told,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The webhook's JSON and its cookies. `internal` goes with an error found in it later."""

    value: Json
    cookies: tuple[tuple[str, str], ...]
    internal: Mapping[str, Json]


async def ask(question: Question, outgoing: Outgoing, environ: Environ) -> Answer:
    """Raises ApiError: the webhook's own error, or what is wrong with it."""
    plain = _call(question, environ)
    call = await _off_loop(lambda: _transformed(question, plain), len(plain.body or b""))
    internal = {"request": _told(question, call if call is not plain else None)}
    try:
        reply = await outgoing.send(call)
    except OutgoingError as error:
        kind = "Response timeout" if error.reason == "timeout" else error.message
        told = {"type": "http_exception", "message": kind}
        raise _failed(_UNREACHABLE, {"error": told, "response": None, **internal}) from error
    return await _off_loop(
        lambda: _answer(question, plain, reply, {"response": _shown(reply), **internal}), len(reply.body)
    )


async def _off_loop(work: Callable[[], T], size: int) -> T:
    """Reading and rewriting much JSON must not hold up everybody else."""
    return await asyncio.to_thread(work) if size > _MUCH else work()


def _call(question: Question, environ: Environ) -> Call:
    definition = question.action.definition
    try:
        url = filled(definition.handler, environ)
        headers = _headers(question, environ)
    except UnsetVariableError as error:
        message = f"the action cannot be called: {error.message}"
        raise _failed(message, {"request": _told(question, None)}) from error
    return Call(url=url, body=joins.encode(question.body), headers=headers, timeout_s=definition.timeout_s)


def _headers(question: Question, environ: Environ) -> dict[str, str]:
    """The action's own headers win over the client's."""
    definition, client = question.action.definition, question.headers
    ignored = frozenset(name.lower() for name in definition.ignored_client_headers)
    found: dict[str, str] = {}
    if definition.forward_client_headers:
        found = vouched_for(client, question.session_variables, ignored=ignored)
    return found | {header.name: header.resolved(environ) for header in definition.headers}


def _transformed(question: Question, call: Call) -> Call:
    raw = question.action.definition.request_transform
    if raw is None:
        return call
    try:
        return apply.transformed(raw, call, question.body, question.session_variables)
    except TemplateError as error:
        told = {"error": error.told, "request": _told(question, None)}
        raise _failed("request transformation failed", told) from error


def _answer(question: Question, call: Call, reply: Reply, internal: Mapping[str, Json]) -> Answer:
    if reply.cut:
        told = {"error": "the response is larger than the limit, or cannot be unpacked"}
        raise _failed("internal error", {**internal, **told})
    try:
        value = joins.decode(reply.body)
    except (ValueError, RecursionError) as error:
        if reply.succeeded:
            raise _failed(_NO_JSON, {**internal, "error": str(error)}) from error
        value = None
    value = _after(question, call, reply, value, internal)
    if reply.succeeded:
        cookies = tuple((name, text) for name, text in reply.headers if name == "set-cookie")
        return Answer(value=value, cookies=cookies, internal={"error": "unexpected response", **internal})
    if 400 <= reply.status < 500:
        raise _refusal(value, internal)
    told = {"error": f"expecting 2xx or 4xx status code, but found {reply.status}"}
    raise _failed("internal error", {**internal, **told})


def _after(question: Question, call: Call, reply: Reply, value: Json, internal: Mapping[str, Json]) -> Json:
    """What the response transform makes of the reply."""
    raw = question.action.definition.response_transform
    if raw is None:
        return value
    request = apply.request_names(call.url, question.body, question.session_variables)
    try:
        return apply.answer(raw, value, status=reply.status, request=request, variables=question.session_variables)
    except TemplateError as error:
        raise _failed("response transformation failed", {**internal, "error": error.told}) from error


def _refusal(value: Json, internal: Mapping[str, Json]) -> ApiError:
    """The webhook's own error: `{message, code?, extensions?}`."""
    said = value if isinstance(value, dict) else {}
    message, code, extensions = said.get("message"), said.get("code"), said.get("extensions")
    sound = isinstance(message, str) and isinstance(code, str | None) and isinstance(extensions, dict | None)
    if not sound:
        return _failed("internal error", {**internal, "error": "a 4xx response must be {message, code?, extensions?}"})
    return ApiError(code or "unexpected", str(message), extensions=extensions)


def _failed(message: str, internal: Mapping[str, Json]) -> ApiError:
    return ApiError("unexpected", message, status=500, internal=dict(internal))


def _told(question: Question, sent: Call | None) -> dict[str, Json]:
    """The request as configured, and as `sent` if a transform made it another. Values of the environment stay there."""
    definition = question.action.definition
    return {
        "url": definition.handler,
        "body": question.body,
        "headers": exported(definition.headers),
        "transformed_request": None if sent is None else {"method": sent.method, "body": _text(sent.body)},
    }


def _text(body: bytes | None) -> str | None:
    return None if body is None else body.decode()


def _shown(reply: Reply) -> dict[str, Json]:
    try:
        body = joins.decode(reply.body)
    except (ValueError, RecursionError):
        body = reply.text()
    headers = [{"name": name.title(), "value": value} for name, value in reply.headers]
    return {"status": reply.status, "body": body, "headers": headers}
