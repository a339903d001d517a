"""A small GraphQL sibling over the real tables: it knows four operations and one set of permissions.

Roles: the admin secret may do everything; `Bearer user:<uuid>` sees, changes and removes its own files, and may insert
into every bucket but `closed`; a request without credentials may read the bucket `open`.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.storage.hosting import SECRET

_ROW = """SELECT json_build_object('id', id, 'name', name, 'size', size, 'bucketId', bucket_id, 'etag', etag,
  'createdAt', created_at, 'updatedAt', updated_at, 'isUploaded', is_uploaded, 'mimeType', mime_type,
  'uploadedByUserId', uploaded_by_user_id, 'metadata', metadata) FROM storage.files WHERE id = $1 """


class RefusedError(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class GraphQLPeer:
    """`seen` keeps the headers of every request; `fails_with`, when set, is answered to everything."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.seen: list[dict[str, str]] = []
        self.commands: list[dict[str, Any]] = []
        self.fails_with: tuple[str, str] | None = None
        self.app = Starlette(
            routes=[
                Route("/v1/graphql", self.graphql, methods=["POST"]),
                Route("/v1/metadata", self.metadata, methods=["POST"]),
            ],
            lifespan=self.lifespan,
        )

    @contextlib.asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        yield

    async def metadata(self, request: Request) -> Response:
        self.commands.append(await request.json())
        return JSONResponse({"message": "success"})

    async def graphql(self, request: Request) -> Response:
        self.seen.append(dict(request.headers))
        body = await request.json()
        connection = await asyncpg.connect(self.dsn)
        try:
            if self.fails_with:
                raise RefusedError(*self.fails_with)
            return JSONResponse({"data": await self.run(connection, who(request), body)})
        except RefusedError as refused:
            return errors(refused.code, str(refused))
        except asyncpg.IntegrityConstraintViolationError as error:
            return errors("constraint-violation", str(error))
        finally:
            await connection.close()

    async def run(self, connection: Any, user: str, body: Any) -> dict[str, Any]:
        variables = body["variables"]
        operation = next(name for name in OPERATIONS if name in body["query"])
        return await OPERATIONS[operation](connection, user, variables)


def errors(code: str, message: str) -> Response:
    return JSONResponse({"errors": [{"message": message, "extensions": {"path": "$", "code": code}}]})


def who(request: Request) -> str:
    """ "admin", "public", or a user's id."""
    if "x-hasura-admin-secret" in request.headers:
        if request.headers["x-hasura-admin-secret"] != SECRET:
            raise RefusedError("access-denied", 'invalid "x-hasura-admin-secret"/"x-hasura-access-key"')
        return "admin"
    token = request.headers.get("authorization", "")
    if token == "Bearer expired":
        raise RefusedError("invalid-jwt", "Could not verify JWT: JWTExpired")
    return token.removeprefix("Bearer user:") or "public"


def visible(user: str) -> str:
    """A condition on files; `user` is one of ours, not a stranger's text."""
    return {"admin": "true", "public": "bucket_id = 'open'"}.get(user, f"uploaded_by_user_id = '{user}'")


async def select(connection: Any, user: str, variables: Any) -> dict[str, Any]:
    row = await connection.fetchval(f"{_ROW} AND {visible(user)}", variables["id"])
    return {"file": json.loads(row) if row else None}


async def probe(connection: Any, user: str, variables: Any) -> dict[str, Any]:
    if user == "public":
        raise RefusedError("validation-failed", "field 'insertFiles' not found in type: 'mutation_root'")
    return {"insertFiles": {"affected_rows": 0}}


async def insert(connection: Any, user: str, variables: Any) -> dict[str, Any]:
    await probe(connection, user, variables)
    if user != "admin" and variables["bucketId"] == "closed":
        raise RefusedError("permission-error", "check constraint of an insert/update permission has failed")
    await connection.execute(
        "INSERT INTO storage.files (id, bucket_id, name, mime_type, size, uploaded_by_user_id) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        *(variables[name] for name in ("id", "bucketId", "name", "mimeType", "size")),
        None if user == "admin" else user,
    )
    return {"insertFiles": {"affected_rows": 1}}


async def update(connection: Any, user: str, variables: Any) -> dict[str, Any]:
    row = await connection.fetchval(
        f"UPDATE storage.files SET is_uploaded = $2 WHERE id = $1 AND {visible(user)} AND bucket_id <> 'open' "
        "RETURNING id::text", variables["id"], variables["isUploaded"],
    )  # fmt: skip
    return {"updateFile": {"id": row} if row else None}


async def delete(connection: Any, user: str, variables: Any) -> dict[str, Any]:
    row = await connection.fetchval(
        f"DELETE FROM storage.files WHERE id = $1 AND {visible(user)} RETURNING id::text", variables["id"]
    )
    return {"deleteFile": {"id": row} if row else None}


OPERATIONS = {
    "StorageFile": select,
    "StorageProbe": probe,
    "StorageInsert": insert,
    "StorageUpdate": update,
    "StorageDelete": delete,
}
