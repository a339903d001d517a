"""The endpoints: what each request holds, which verb it means, what the answer holds."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from nself import __version__
from nself.storage import answers, download, form, names
from nself.storage.errors import FormError, PresignError
from nself.storage.files import Files, UpdateMetadata, UploadMetadata, decode_metadata, uploaded
from nself.storage.form import Form, Limits
from nself.storage.gateway import Caller
from nself.storage.presign import Presigner
from nself.storage.settings import StorageSettings
from nself.web.json import JsonResponse

_DEFAULT_BUCKET = "default"


class Endpoints:
    """`files` is set when the server has opened what it needs, before the first request."""

    files: Files

    def __init__(self, settings: StorageSettings) -> None:
        self._settings = settings
        # Without an admin secret everything is open anyway: such URLs need not outlive this process.
        secret = settings.admin_secret.encode() if settings.admin_secret else secrets.token_bytes(32)
        self._presigner = Presigner(secret)

    def routes(self) -> list[Route]:
        prefix = self._settings.api_root_prefix
        one = f"{prefix}/files/{{id}}"
        return [
            Route("/healthz", self.health, methods=["GET"]),
            Route(f"{prefix}/version", self.version, methods=["GET"]),
            Route(f"{prefix}/files", self.upload, methods=["POST"]),
            Route(one, self.file, methods=["GET", "PUT", "DELETE"]),
            Route(f"{one}/presignedurl", self.presign, methods=["GET"]),
            Route(f"{one}/presignedurl/contents", self.presigned, methods=["GET"]),
        ]

    async def health(self, request: Request) -> Response:
        return PlainTextResponse("ok")

    async def version(self, request: Request) -> Response:
        return JsonResponse({"buildVersion": __version__})

    async def upload(self, request: Request) -> Response:
        processed, caller = answers.begin_processing(request), Caller.of(request.headers)
        await self.files.gateway.may_insert(caller)
        async with form.read(request, self.files.backend.staging, await self._limits("file[]")) as sent:
            parts = sent.files_named("file[]")
            if not parts:
                raise FormError("file[] not found in Multipart form")
            given = _upload_metadata(sent, len(parts))
            bucket = await self.files.rows.bucket(_text(sent, "bucket-id") or _DEFAULT_BUCKET)
            for part, metadata in zip(parts, given, strict=True):
                processed.append(await self.files.store(part, metadata, bucket, caller))
        return JsonResponse({"processedFiles": processed}, status_code=201)

    async def file(self, request: Request) -> Response:
        """One route for all methods of a file, so that a refused method names them all."""
        verb = {"PUT": self.replace, "DELETE": self.delete}.get(request.method, self.get)
        return await verb(request)

    async def get(self, request: Request) -> Response:
        caller = Caller.of(request.headers)
        file = uploaded(await self.files.visible(request.path_params["id"], caller))
        bucket = await self.files.rows.bucket(file.bucket_id)
        control = download.cache_control(bucket.cache_control, personal=not caller.anonymous)
        return await download.answer(request, file, self.files.backend, cache_control=control)

    async def replace(self, request: Request) -> Response:
        file = await self.files.replaceable(request.path_params["id"], Caller.of(request.headers))
        async with form.read(request, self.files.backend.staging, await self._limits("file")) as sent:
            parts = sent.files_named("file")
            if len(parts) != 1:
                raise FormError("wrong file data in multipart form, one needs to be specified")
            given = decode_metadata((sent.values("metadata") or [b"{}"])[0], UpdateMetadata)
            return JsonResponse(await self.files.replace(file, parts[0], given))

    async def delete(self, request: Request) -> Response:
        await self.files.remove(request.path_params["id"], Caller.of(request.headers))
        return Response(status_code=204)

    async def presign(self, request: Request) -> Response:
        file = uploaded(await self.files.visible(request.path_params["id"], Caller.of(request.headers)))
        life_s = await self._presigned_life(file.bucket_id)
        query = self._presigner.query(file.id, now=datetime.now(UTC), life_s=life_s)
        path = f"{self._settings.api_root_prefix}/files/{file.id}/presignedurl/contents"
        return JsonResponse({"url": f"{self._settings.public_url.rstrip('/')}{path}?{query}", "expiration": life_s})

    async def presigned(self, request: Request) -> Response:
        file_id = names.file_id(request.path_params["id"])
        left = self._presigner.check(file_id, request.query_params, now=datetime.now(UTC))
        file = uploaded(await self.files.rows.file(file_id))
        await self._presigned_life(file.bucket_id)
        return await download.answer(request, file, self.files.backend, cache_control=f"max-age={left}")

    async def _presigned_life(self, bucket_id: str) -> int:
        bucket = await self.files.rows.bucket(bucket_id)
        if not bucket.presigned_urls_enabled:
            message = "presigned URLs are not enabled on the bucket where this file is located in"
            raise PresignError(message, status=403)
        return bucket.download_expiration

    async def _limits(self, *file_fields: str) -> Limits:
        return Limits(
            file_fields=frozenset(file_fields),
            max_files=self._settings.max_files,
            ceiling=await self.files.rows.largest_allowed(),
        )


def _upload_metadata(sent: Form, count: int) -> list[UploadMetadata]:
    values = sent.values("metadata[]")
    if not values:
        return [UploadMetadata() for _ in range(count)]
    if len(values) != count:
        raise FormError("file metadata length doesn't match number of files in request")
    return [decode_metadata(value, UploadMetadata) for value in values]


def _text(sent: Form, name: str) -> str:
    values = sent.values(name)
    try:
        return names.text(values[0].decode()) if values else ""
    except UnicodeDecodeError:
        raise FormError(f"{name} is not UTF-8 text") from None
