"""Talking to the project's GraphQL service as its administrator."""

from __future__ import annotations

import json
from typing import Any

from nself.actions.stack import Stack
from nself.errors import NetworkError
from nself.services import graphql

TIMEOUT_S = 30.0


def metadata(opened: Stack, call: dict[str, Any]) -> Any:
    """One call of `/v1/metadata`."""
    return _call(opened, "/v1/metadata", call)


def rows(opened: Stack, sql: str) -> list[list[str]]:
    """What a statement that only reads finds in the project's own database, as text."""
    arguments = {"sql": sql, "read_only": True}
    found: list[list[str]] = _call(opened, "/v2/query", {"type": "run_sql", "args": arguments})["result"]
    return found[1:]  # the first names the columns


def _call(opened: Stack, path: str, call: dict[str, Any]) -> Any:
    """Straight at the service: no DNS, no proxy."""
    from http.client import HTTPConnection, HTTPException

    opened.refuse_stopped()
    at = opened.runtime.network.endpoint(graphql.NAME)
    secret = opened.project.settings(graphql.HasuraSettings).admin_secret
    headers = {"Content-Type": "application/json", "X-Hasura-Admin-Secret": secret}
    connection = HTTPConnection(at.host, at.port, timeout=TIMEOUT_S)
    try:
        connection.request("POST", path, json.dumps(call), headers)
        answer = connection.getresponse()
        document = json.loads(answer.read())
    except (OSError, HTTPException, ValueError) as error:
        fixes = ["nself start graphql", "nself logs graphql"]
        raise NetworkError(f"GraphQL at {at} did not answer: {error}", fixes=fixes) from error
    finally:
        connection.close()
    if answer.status != 200:
        raise NetworkError(f"GraphQL refused {call['type']}: {document.get('error', document)}")
    return document
