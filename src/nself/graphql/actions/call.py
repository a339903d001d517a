"""One call of an action's webhook: what is sent, what may come back, and what the caller gets to see of a failure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from nself.graphql import joins
from nself.graphql.env_templates import Environ, UnsetVariableError, exported, filled
from nself.graphql.errors import ApiError
from nself.graphql.metadata.actions import Action, ActionDefinition
from nself.graphql.outgoing import Call, Outgoing, OutgoingError, Reply, forwarded

Json = Any
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
    call = _call(question, environ)
    try:
        reply = await outgoing.send(call)
    except OutgoingError as error:
        kind = "timeout" if error.reason == "timeout" else error.message
        told = {"type": "http_exception", "message": kind}
        raise _failed(
            "http exception when calling webhook", {"error": told, "response": None, **_request(question)}
        ) from error
    return _answer(question, reply)


def _call(question: Question, environ: Environ) -> Call:
    definition = question.action.definition
    try:
        url = filled(definition.handler, environ)
        headers = _headers(definition, question.headers, environ)
    except UnsetVariableError as error:
        raise _failed(f"the action cannot be called: {error.message}", _request(question)) from error
    return Call(url=url, body=joins.encode(question.body), headers=headers, timeout_s=definition.timeout_s)


def _headers(definition: ActionDefinition, client: Mapping[str, str], environ: Environ) -> dict[str, str]:
    """The action's own headers win over the client's."""
    ignored = frozenset(name.lower() for name in definition.ignored_client_headers)
    found = forwarded(client, ignored=ignored) if definition.forward_client_headers else {}
    return found | {header.name.lower(): header.resolved(environ) for header in definition.headers}


def _answer(question: Question, reply: Reply) -> Answer:
    internal = {"response": _response(reply), **_request(question)}
    if reply.cut:
        told = {"error": "the response is larger than the limit, or cannot be unpacked"}
        raise _failed("internal error", told | internal)
    try:
        value = joins.decode(reply.body)
    except (ValueError, RecursionError) as error:
        if reply.succeeded:
            raise _failed(_NO_JSON, {"error": str(error), **internal}) from error
        value = None
    if reply.succeeded:
        cookies = tuple((name, text) for name, text in reply.headers if name == "set-cookie")
        return Answer(value=value, cookies=cookies, internal={"error": "unexpected response", **internal})
    if 400 <= reply.status < 500:
        raise _refusal(value, internal)
    told = {"error": f"expecting 2xx or 4xx status code, but found {reply.status}"}
    raise _failed("internal error", told | internal)


def _refusal(value: Json, internal: Mapping[str, Json]) -> ApiError:
    """The webhook's own error: `{message, code?, extensions?}`."""
    said = value if isinstance(value, dict) else {}
    message, code, extensions = said.get("message"), said.get("code"), said.get("extensions")
    if not isinstance(message, str) or not isinstance(code, str | None) or not isinstance(extensions, dict | None):
        return _failed("internal error", {"error": "a 4xx response must be {message, code?, extensions?}", **internal})
    return ApiError(code or "unexpected", message, extensions=extensions)


def _failed(message: str, internal: Mapping[str, Json]) -> ApiError:
    return ApiError("unexpected", message, status=500, internal=dict(internal))


def _request(question: Question) -> dict[str, Json]:
    """The request as configured: values that come from the environment stay there."""
    definition = question.action.definition
    told = {
        "url": definition.handler,
        "body": question.body,
        "headers": exported(definition.headers),
        "transformed_request": None,
    }
    return {"request": told}


def _response(reply: Reply) -> dict[str, Json]:
    try:
        body = joins.decode(reply.body)
    except (ValueError, RecursionError):
        body = reply.text()
    headers = [{"name": name.title(), "value": value} for name, value in reply.headers]
    return {"status": reply.status, "body": body, "headers": headers}
