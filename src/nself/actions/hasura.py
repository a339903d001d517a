"""Talking to the project's GraphQL service as its administrator."""

from __future__ import annotations

import json
from typing import Any

from nself.actions.stack import Stack
from nself.errors import NetworkError
from nself.services import graphql

TIMEOUT_S = 30.0


def metadata(opened: Stack, call: dict[str, Any]) -> Any:
    """One call of `/v1/metadata`, straight at the service: no DNS, no proxy."""
    from http.client import HTTPConnection, HTTPException

    at = opened.native.network.endpoint(graphql.NAME)
    secret = opened.project.settings(graphql.HasuraSettings).admin_secret
    headers = {"Content-Type": "application/json", "X-Hasura-Admin-Secret": secret}
    connection = HTTPConnection(at.host, at.port, timeout=TIMEOUT_S)
    try:
        connection.request("POST", "/v1/metadata", json.dumps(call), headers)
        answer = connection.getresponse()
        document = json.loads(answer.read())
    except (OSError, HTTPException, ValueError) as error:
        raise NetworkError(f"GraphQL at {at} did not answer: {error}", fixes=["nself status graphql"]) from error
    finally:
        connection.close()
    if answer.status != 200:
        raise NetworkError(f"GraphQL refused {call['type']}: {document.get('error', document)}")
    return document
