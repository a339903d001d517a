"""Transforms applied: a call of a webhook made another, a reply read as another.

`transformed(raw, call, body, session_variables)` is for everybody who calls webhooks with metadata's
`request_transform`; the body is the JSON that `call.body` holds. `answer` is the other direction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

from nself.graphql import joins
from nself.graphql.metadata.reader import Reader
from nself.graphql.transforms.evaluate import evaluated, filled
from nself.graphql.transforms.functions import Function, session_functions
from nself.graphql.transforms.model import (
    FORM,
    AsForm,
    Body,
    Form,
    Removed,
    RequestTransform,
    Rewritten,
    request_transform,
    response_transform,
)
from nself.graphql.webhooks.outgoing import Call

Json = Any


def transformed(raw: Mapping[str, Json], call: Call, body: Json, session_variables: Mapping[str, str]) -> Call:
    """The call as the `request_transform` of the metadata wants it. Raises TemplateError, and ApiError (parse-failed)
    for a transform that is none."""
    return apply(request_transform(Reader(raw)), call, body, session_variables)


def apply(transform: RequestTransform, call: Call, body: Json, session_variables: Mapping[str, str]) -> Call:
    """Every template sees the request as it was."""
    names = request_names(call.url, body, session_variables)
    functions = session_functions(session_variables)
    url = call.url if transform.url is None else filled(transform.url, names, functions) or ""
    added = {name.lower(): filled(text, names, functions) for name, text in transform.add_headers.items()}
    kept = {name.lower(): value for name, value in (call.headers or {}).items()}
    headers = {name: value for name, value in kept.items() if name not in transform.remove_headers}
    headers |= {name: value for name, value in added.items() if value is not None}
    found = call.body if transform.body is None else _body(transform.body, body, names, functions)
    if isinstance(transform.body, Form | AsForm):
        headers.setdefault("content-type", FORM)
    return replace(
        call,
        url=_with_query(url, transform, names, functions),
        method=transform.method or call.method,
        headers=headers,
        body=found,
    )


def answer(
    raw: Mapping[str, Json], value: Json, *, status: int, request: Mapping[str, Json], variables: Mapping[str, str]
) -> Json:
    """What the `response_transform` makes of a reply's JSON. `request` are the names the request's templates saw."""
    body = response_transform(Reader(raw)).body
    names = {
        "$body": value,
        "$base_url": request["$base_url"],
        "$session_variables": dict(variables),
        "$request": {name.removeprefix("$"): found for name, found in request.items()},
        "$response": {"status": status},
    }
    functions = session_functions(variables)
    match body:
        case None:
            return value
        case Removed():
            return None
        case Rewritten(template):
            return evaluated(template, names, functions)
        case Form() | AsForm():
            return _form(body, value, names, functions).decode()


def request_names(url: str, body: Json, session_variables: Mapping[str, str]) -> dict[str, Json]:
    """What a request's templates may speak of."""
    return {
        "$body": body,
        "$base_url": url,
        "$session_variables": dict(session_variables),
        "$query_params": {},
    }


def _body(how: Body, body: Json, names: Mapping[str, Json], functions: Mapping[str, Function]) -> bytes | None:
    match how:
        case Removed():
            return None
        case Rewritten(template):
            return joins.encode(evaluated(template, names, functions))
        case Form() | AsForm():
            return _form(how, body, names, functions)


def _form(how: Form | AsForm, body: Json, names: Mapping[str, Json], functions: Mapping[str, Function]) -> bytes:
    if isinstance(how, Form):
        fields = {key: None if text is None else filled(text, names, functions) for key, text in how.fields.items()}
    else:
        made = body if how.template is None else evaluated(how.template, names, functions)
        fields = {key: _plain(value) for key, value in made.items()} if isinstance(made, dict) else {}
    pairs = sorted((key, value) for key, value in fields.items() if value is not None)
    return urlencode(pairs, quote_via=quote).encode()


def _plain(value: Json) -> str | None:
    return value if isinstance(value, str | None) else joins.encode(value).decode()


def _with_query(
    url: str, transform: RequestTransform, names: Mapping[str, Json], functions: Mapping[str, Function]
) -> str:
    """New parameters take the place of those in the URL."""
    if transform.query is None:
        return url
    if isinstance(transform.query, str):
        query = (filled(transform.query, names, functions) or "").removeprefix("?")
    else:
        pairs = {key: filled(text, names, functions) for key, text in transform.query.items() if text is not None}
        query = urlencode({key: value for key, value in pairs.items() if value is not None}, quote_via=quote)
    base = url.partition("?")[0]
    return f"{base}?{query}" if query else base
