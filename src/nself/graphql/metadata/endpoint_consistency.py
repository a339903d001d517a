"""REST endpoints and the allow list against the collections they name."""

from __future__ import annotations

from collections.abc import Iterator

from nself.graphql.metadata import collections, rest_endpoints
from nself.graphql.metadata.model import Inconsistency, Metadata
from nself.graphql.metadata.rest_endpoints import RestEndpoint


def check(metadata: Metadata) -> Iterator[Inconsistency]:
    sound = []
    for entry in metadata.rest_endpoints.values():
        reason = rest_endpoints.objection(entry, metadata.query_collections)
        if reason:
            yield _endpoint(entry, reason)
        else:
            sound.append(entry)
    told = set()
    for group in rest_endpoints.clashes(sound):
        reason = rest_endpoints.ambiguous(group)
        for entry in group:
            if entry.name not in told:
                told.add(entry.name)
                yield _endpoint(entry, reason)
    for allowed in metadata.allowlist.values():
        if allowed.collection not in metadata.query_collections:
            yield Inconsistency(
                kind="allowlist",
                name=f"allowlist {allowed.collection}",
                reason=f'query collection with name "{allowed.collection}" does not exist',
                definition=collections.render_allowed(allowed),
            )


def served(metadata: Metadata) -> list[RestEndpoint]:
    """The endpoints that requests can reach."""
    broken = {entry.definition["name"] for entry in check(metadata) if entry.kind == "rest_endpoint"}
    return [entry for entry in metadata.rest_endpoints.values() if entry.name not in broken]


def _endpoint(entry: RestEndpoint, reason: str) -> Inconsistency:
    definition = {"comment": None, **rest_endpoints.render(entry)}
    return Inconsistency(kind="rest_endpoint", name=f"rest_endpoint {entry.name}", reason=reason, definition=definition)
