"""What a caller may do to a file: asked of GraphQL as that caller, so that permissions mean one thing everywhere."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import httpx
import msgspec
from starlette.datastructures import Headers

from nself.records import dataclass
from nself.storage.errors import ApiError, InputError, NotAuthorizedError, StoreUnavailableError, TokenRefusedError
from nself.storage.model import File
from nself.storage.names import header_text

log = logging.getLogger("nself.storage")

_COLUMNS = "id name size bucketId etag createdAt updatedAt isUploaded mimeType uploadedByUserId metadata"
_SELECT = f"query StorageFile($id: uuid!) {{ file(id: $id) {{ {_COLUMNS} }} }}"
_PROBE = "mutation StorageProbe { insertFiles(objects: []) { affected_rows } }"
_INSERT = """mutation StorageInsert($id: uuid!, $bucketId: String!, $name: String!, $mimeType: String!, $size: Int!) {
  insertFiles(objects: [{id: $id, bucketId: $bucketId, name: $name, mimeType: $mimeType, size: $size}]) {
    affected_rows
  }
}"""
_UPDATE = """mutation StorageUpdate($id: uuid!, $isUploaded: Boolean) {
  updateFile(pk_columns: {id: $id}, _set: {isUploaded: $isUploaded}) { id }
}"""
_DELETE = "mutation StorageDelete($id: uuid!) { deleteFile(id: $id) { id } }"

_REFUSED = {"access-denied", "validation-failed", "permission-error", "invalid-headers"}
_BAD_INPUT = {"constraint-violation", "data-exception", "parse-failed", "bad-request"}


@dataclass(frozen=True, slots=True)
class Caller:
    """The credentials of one request: its Authorization and X-Hasura-* headers and no others."""

    headers: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, headers: Headers) -> Caller:
        return cls(
            tuple(
                (name, value)
                for name, value in headers.items()
                if name == "authorization" or name.startswith("x-hasura-")
            )
        )

    @property
    def anonymous(self) -> bool:
        return not self.headers

    @property
    def role(self) -> str:
        """For the log: the role asked for."""
        return dict(self.headers).get("x-hasura-role", "public" if self.anonymous else "the token's default")

    def __repr__(self) -> str:
        return f"Caller(role={self.role})"


class _Problem(msgspec.Struct):
    message: str = ""
    extensions: dict[str, Any] = {}


class _Reply(msgspec.Struct):
    data: dict[str, msgspec.Raw] | None = None
    errors: list[_Problem] = []


class _Affected(msgspec.Struct):
    affected_rows: int


class _Id(msgspec.Struct):
    id: str


class Gateway:
    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def file(self, file_id: str, caller: Caller) -> File | None:
        """The row, if the caller may select it."""
        file: File | None = await self._ask(_SELECT, "file", File | None, caller, id=file_id)
        return file

    async def may_insert(self, caller: Caller) -> None:
        """Raise unless the caller's role may insert at all: asked before a byte of an upload is kept."""
        await self._ask(_PROBE, "insertFiles", _Affected, caller)

    async def insert(self, caller: Caller, *, id: str, bucket_id: str, name: str, mime_type: str, size: int) -> None:
        done = await self._ask(
            _INSERT,
            "insertFiles",
            _Affected,
            caller,
            id=id,
            bucketId=bucket_id,
            name=name,
            mimeType=mime_type,
            size=size,
        )
        if done.affected_rows == 0:
            raise NotAuthorizedError("insert on files affected no row")

    async def may_replace(self, file: File, caller: Caller) -> None:
        """Raise unless the caller may update the row. Writes `isUploaded` as it is: a reader never loses the file."""
        done = await self._ask(_UPDATE, "updateFile", _Id | None, caller, id=file.id, isUploaded=bool(file.is_uploaded))
        if done is None:
            raise NotAuthorizedError("update on files affected no row")

    async def delete(self, file_id: str, caller: Caller) -> bool:
        """Whether there was a row that the caller might delete."""
        return await self._ask(_DELETE, "deleteFile", _Id | None, caller, id=file_id) is not None

    async def _ask(self, query: str, field: str, kind: Any, caller: Caller, **variables: Any) -> Any:
        reply = await self._post({"query": query, "variables": variables}, caller.headers)
        if reply.errors:
            raise _refusal(reply.errors[0], caller, field)
        try:
            return msgspec.json.decode((reply.data or {})[field], type=kind)
        except (KeyError, msgspec.DecodeError) as error:
            raise StoreUnavailableError(f"GraphQL gave an answer to {field} that was not understood") from error

    async def _post(self, body: Mapping[str, Any], headers: tuple[tuple[str, str], ...]) -> _Reply:
        try:
            response = await self._client.post(
                "/graphql", content=msgspec.json.encode(body), headers=[*headers, ("content-type", "application/json")]
            )
            return msgspec.json.decode(response.content, type=_Reply)
        except (httpx.HTTPError, msgspec.DecodeError) as error:
            log.error("GraphQL did not answer: %s", type(error).__name__)
            raise StoreUnavailableError("the GraphQL server does not answer") from error


def _refusal(problem: _Problem, caller: Caller, field: str) -> ApiError:
    """GraphQL's error in the words of this API."""
    code = str(problem.extensions.get("code", "unexpected"))
    if code in _REFUSED:
        log.info("refused %s as role %s: %s (%s)", field, caller.role, header_text(problem.message), code)
        return NotAuthorizedError(f"{field} as role {caller.role}: {problem.message} ({code})")
    if code in _BAD_INPUT:
        return InputError(problem.message)
    if "jwt" in code:
        return TokenRefusedError(problem.message)
    log.error("GraphQL failed on %s as role %s: %s (%s)", field, caller.role, header_text(problem.message), code)
    return ApiError("an internal server error occurred")
