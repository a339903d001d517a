"""The remote schemas of the metadata with what the services last said of themselves.

A service is asked when it is added, when where to ask changes, and on reload; not at every change of the metadata. One
that cannot be used is inconsistent: left out, and the others are served.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Collection, Mapping
from dataclasses import field
from typing import Any

from nself.graphql.errors import ApiError
from nself.graphql.metadata.model import Metadata
from nself.graphql.metadata.remote_schemas import Definition, RemoteSchema
from nself.graphql.remote import introspection
from nself.graphql.remote.endpoint import Endpoint
from nself.graphql.remote.naming import Naming, check
from nself.graphql.remote.permissions import role_schema
from nself.graphql.remote.upstream import Upstream
from nself.graphql.remote.validate import validate
from nself.graphql.webhooks.env_templates import Environ
from nself.graphql.webhooks.outgoing import Outgoing
from nself.records import dataclass


@dataclass(frozen=True, slots=True)
class Fetched:
    """`text` is the compressed answer to the introspection query, for whoever asks what the service said."""

    upstream: Upstream
    text: bytes


@dataclass(frozen=True, slots=True)
class Served:
    """One remote schema ready for use. `roles` are the parts that roles were given, `refused` those that are none."""

    entry: RemoteSchema
    endpoint: Endpoint
    naming: Naming
    roles: Mapping[str, Upstream]
    refused: Mapping[str, ApiError]

    @property
    def upstream(self) -> Upstream:
        return self.naming.upstream


@dataclass(slots=True)
class _Held:
    asked: tuple[Any, ...]
    result: Fetched | ApiError
    roles: dict[str, Upstream | ApiError] = field(default_factory=dict)
    """By schema document."""
    served: tuple[RemoteSchema, Served | ApiError] | None = None
    """What was made of it last, for which entry."""


class NotAskedError(ApiError):
    """This engine has no way out: it only looks at metadata."""

    def __init__(self) -> None:
        super().__init__("unexpected", "remote schemas are not asked here")


class RemoteSchemas:
    """Belongs to one engine and outlives its loads."""

    def __init__(
        self, outgoing: Outgoing | None = None, environ: Environ | None = None, *, permissions: bool = False
    ) -> None:
        self._outgoing, self._environ = outgoing, environ or {}
        self.permissions = permissions
        """Whether roles other than admin see only what they were given."""
        self._held: dict[str, _Held] = {}

    def endpoint(self, definition: Definition) -> Endpoint:
        if self._outgoing is None:
            raise NotAskedError
        return Endpoint.of(definition, self._environ, self._outgoing)

    async def fetch(self, name: str, definition: Definition) -> Fetched:
        """Ask the service now, and hold what it says. Raises ApiError."""
        fetched = await self._ask(definition)
        self._held[name] = _Held(_asked(definition), fetched)
        return fetched

    async def refresh(self, metadata: Metadata, *, retry: bool = False) -> None:
        """Ask the services that are new, or are to be found elsewhere now; with `retry`, those that did not answer."""
        for name in self._held.keys() - metadata.remote_schemas.keys():
            del self._held[name]
        if retry:
            self.forget(())
        wanted = [
            entry
            for name, entry in metadata.remote_schemas.items()
            if name not in self._held or self._held[name].asked != _asked(entry.definition)
        ]
        results = await asyncio.gather(*(self._tried(entry.definition) for entry in wanted))
        for entry, result in zip(wanted, results, strict=True):
            self._held[entry.name] = _Held(_asked(entry.definition), result)

    def forget(self, names: Collection[str] | None = None) -> None:
        """Ask these again at the next refresh; all of them unless told. Broken ones are asked in any case."""
        for name in list(self._held):
            if names is None or name in names or isinstance(self._held[name].result, ApiError):
                del self._held[name]

    def check_permission(self, name: str, sdl: str) -> None:
        """Raises ApiError with what speaks against giving a role this part of a remote schema."""
        held = self._held.get(name)
        if held is None or isinstance(held.result, ApiError):
            raise ApiError("remote-schema-error", f'remote schema "{name}" is inconsistent', path="$.args")
        found = _part(held, sdl)
        if isinstance(found, ApiError):
            raise found

    def introspection(self, name: str) -> bytes | None:
        """What the service answered to the introspection query."""
        held = self._held.get(name)
        return zlib.decompress(held.result.text) if held and isinstance(held.result, Fetched) else None

    def served(self, entry: RemoteSchema) -> Served | ApiError:
        """As the metadata wants it, or why that cannot be."""
        held = self._held.get(entry.name)
        if held is None:
            return NotAskedError()
        if held.served is None or held.served[0] != entry:
            held.served = entry, self._served(entry, held)
        return held.served[1]

    def _served(self, entry: RemoteSchema, held: _Held) -> Served | ApiError:
        if isinstance(held.result, ApiError):
            return held.result
        naming = Naming(entry.definition.customization, held.result.upstream)
        try:
            endpoint = self.endpoint(entry.definition)
            check(naming)
        except ApiError as error:
            return error
        parts = {permission.role: _part(held, permission.sdl) for permission in entry.permissions}
        return Served(
            entry=entry,
            endpoint=endpoint,
            naming=naming,
            roles={role: part for role, part in parts.items() if isinstance(part, Upstream)},
            refused={role: part for role, part in parts.items() if isinstance(part, ApiError)},
        )

    async def _tried(self, definition: Definition) -> Fetched | ApiError:
        try:
            return await self._ask(definition)
        except ApiError as error:
            return error

    async def _ask(self, definition: Definition) -> Fetched:
        body = await self.endpoint(definition).introspect()
        return await asyncio.to_thread(_read, body)


def _read(body: bytes) -> Fetched:
    found = introspection.upstream(body)
    validate(found)
    return Fetched(found, zlib.compress(body))


def _part(held: _Held, sdl: str) -> Upstream | ApiError:
    found = held.roles.get(sdl)
    if found is None:
        assert isinstance(held.result, Fetched)
        try:
            found = role_schema(sdl, held.result.upstream)
        except ApiError as error:
            found = error
        held.roles[sdl] = found
    return found


def _asked(definition: Definition) -> tuple[Any, ...]:
    """What an introspection depends on."""
    return definition.url, definition.url_from_env, definition.headers, definition.timeout_s
