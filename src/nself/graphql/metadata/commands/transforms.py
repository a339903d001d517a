"""What a transform makes of a request, shown without sending it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from nself.graphql import joins
from nself.graphql.errors import ApiError
from nself.graphql.metadata.command import Call as Asked
from nself.graphql.metadata.command import Command, Reply, never
from nself.graphql.metadata.live import Draft
from nself.graphql.metadata.reader import Reader
from nself.graphql.transforms.apply import apply
from nself.graphql.transforms.check import invalid, refuse_unreadable
from nself.graphql.transforms.failures import TemplateError
from nself.graphql.transforms.model import (
    Form,
    RequestTransform,
    check_request,
    request_transform,
)
from nself.graphql.webhooks.env_templates import UnsetVariableError, filled
from nself.graphql.webhooks.outgoing import Call


async def test_webhook_transform(draft: Draft, call: Asked) -> Reply:
    """`{webhook_url, body, headers, method, url}` as the webhook would get them."""
    args = call.args
    transform = request_transform(args.at("request_transform"))
    url, body, variables = _url(args, draft), args.at("body").value, _session_variables(args)
    sent = Call(url=url, body=joins.encode(body), method="GET")
    try:
        check_request(transform)
        made = apply(transform, sent, body, variables)
    except TemplateError as error:
        raise invalid("request", error) from error
    response = args.get("response_transform")
    refuse_unreadable(None, response.object() if response else None)
    return {
        "webhook_url": made.url,
        "method": made.method,
        "headers": sorted([name, value] for name, value in (made.headers or {}).items()),
        "body": _shown(transform, made),
    }


def _url(args: Reader, draft: Draft) -> str:
    """A text with `{{NAME}}`, or `{from_env: NAME}`; `env` of the arguments comes before the server's."""
    given, env = args.at("webhook_url"), args.get("env")
    world = draft.engine.world
    environ = {**(world.environ if world else {}), **({key: env.at(key).text() for key in env.object()} if env else {})}
    template = given.name() if isinstance(given.value, str) else f"{{{{{given.at('from_env').name()}}}}}"
    try:
        parts = urlsplit(filled(template, environ))
    except UnsetVariableError as error:
        raise ApiError("invalid-configuration", error.message, path="$.args.webhook_url") from error
    except ValueError as error:
        raise ApiError("invalid-configuration", f"not a URL: {error}", path="$.args.webhook_url") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ApiError("invalid-configuration", "a webhook's URL begins with http:// or https://", path="$.args")
    return urlunsplit(parts._replace(path=parts.path or "/"))


def _session_variables(args: Reader) -> dict[str, str]:
    found = args.get("session_variables")
    return {name.lower(): found.at(name).text() for name in found.object()} if found else {}


def _shown(transform: RequestTransform, made: Call) -> Any:
    if made.body is None:
        return ""
    return made.body.decode() if isinstance(transform.body, Form) else joins.decode(made.body)


COMMANDS = (Command(name="test_webhook_transform", run=test_webhook_transform, changes=never),)
