"""The API over a real socket: shapes, statuses, headers, permissions."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from nself.storage.names import header_text
from tests.storage.graphql_peer import GraphQLPeer
from tests.storage.hosting import ADMIN, Storage

ALICE, BOB = str(uuid4()), str(uuid4())


def user(id: str) -> dict[str, str]:
    return {"authorization": f"Bearer user:{id}"}


def error(reply: httpx.Response) -> Any:
    """The error object of a refusal, after looking at the whole shape."""
    body = reply.json()
    assert set(body) - {"processedFiles"} == {"error"}
    assert set(body["error"]) == {"data", "message"}
    assert reply.headers["x-error"] == header_text(body["error"]["message"])
    return body["error"]


# Upload


def test_an_uploaded_file_comes_back_as_it_was(storage: Storage) -> None:
    file = storage.stored(b"hello", name="hello.txt")
    reply = storage.get(file["id"])
    assert (reply.status_code, reply.content) == (200, b"hello")
    assert reply.headers["etag"] == file["etag"] == '"5d41402abc4b2a76b9719d911017c592"'
    assert reply.headers["content-type"] == "text/plain"


def test_the_answer_to_an_upload_describes_every_file(storage: Storage) -> None:
    given = [json.dumps({"id": str(uuid4()), "name": "folder/one.txt", "metadata": {"alt": "ä"}}), "{}"]
    reply = storage.upload(("1.txt", b"one", "text/plain"), ("2.css", b"b{}", "text/css"), metadata=given)
    assert reply.status_code == 201
    one, two = reply.json()["processedFiles"]
    assert (one["id"], one["name"], one["metadata"]) == (json.loads(given[0])["id"], "folder/one.txt", {"alt": "ä"})
    assert (one["size"], one["bucketId"], one["isUploaded"], one["mimeType"]) == (3, "default", True, "text/plain")
    assert datetime.fromisoformat(one["createdAt"]) <= datetime.fromisoformat(one["updatedAt"])
    assert UUID(two["id"]).version == 4
    assert (two["name"], two["mimeType"], "metadata" in two) == ("2.css", "text/css", False)


def test_the_bucket_may_be_named_after_the_files(storage: Storage) -> None:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="file[]"; filename="a.txt"\r\n\r\nabc\r\n'
        b'--b\r\nContent-Disposition: form-data; name="metadata[]"\r\n\r\n{"name": "n"}\r\n'
        b'--b\r\nContent-Disposition: form-data; name="bucket-id"; filename="blob"\r\n\r\nsmall\r\n--b--\r\n'
    )
    reply = storage.client.post(
        "/v1/files", content=body, headers={**ADMIN, "content-type": "multipart/form-data; boundary=b"}
    )
    assert reply.status_code == 201, reply.text
    assert [(file["bucketId"], file["name"]) for file in reply.json()["processedFiles"]] == [("small", "n")]


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"data": {"bucket-id": "default"}, "files": {"other": b"x"}}, "file[] not found in Multipart form"),
        ({"files": {"file[]": ("", b"x")}}, "file[] not found in Multipart form"),
        ({"files": [("file[]", ("a", b"x")), ("metadata[]", ("", b"{}")), ("metadata[]", ("", b"{}"))]},
         "file metadata length doesn't match number of files in request"),
        ({"files": [("file[]", ("a", b"x")), ("metadata[]", ("", b"{"))]}, "couldn't decode metadata"),
        ({"files": [("file[]", ("a", b"x")), ("metadata[]", ("", b'{"name": 3}'))]}, "couldn't decode metadata"),
        ({"files": [("file[]", ("a", b"x")), ("metadata[]", ("", b"[" * 100_000))]}, "couldn't decode metadata"),
        ({"files": [("file[]", ("a", b"x")), ("metadata[]", ("", b'{"id": "../x"}'))]},
         'invalid input syntax for type uuid: "../x"'),
        ({"data": {"bucket-id": "a\0b"}, "files": {"file[]": ("a", b"x")}}, "text must not contain null characters"),
        ({"data": {"file[]": "x"}}, "request Content-Type isn't multipart/form-data"),
        ({"json": {}}, "request Content-Type isn't multipart/form-data"),
    ],
)  # fmt: skip
def test_a_form_that_is_not_right_is_refused_in_known_words(storage: Storage, form: Any, message: str) -> None:
    reply = storage.client.post("/v1/files", headers=ADMIN, **form)
    assert (reply.status_code, error(reply)["message"]) == (400, message)
    assert reply.json()["processedFiles"] == []


def test_an_error_has_exactly_the_bytes_clients_compare(storage: Storage) -> None:
    assert storage.get(str(uuid4())).content == b'{"error":{"data":null,"message":"file not found"}}\n'


def test_an_unknown_bucket_is_not_found(storage: Storage) -> None:
    reply = storage.upload(("a", b"x", "text/plain"), data={"bucket-id": "nowhere"})
    assert (reply.status_code, error(reply)["message"]) == (404, "bucket not found")


@pytest.mark.parametrize(
    ("content", "message", "data"),
    [(b"x" * 9, "file too big", {"filename": "a", "size": 9, "maxSize": 8}),
     (b"x" * 2, "file too small", {"filename": "a", "size": 2, "minSize": 3})],
)  # fmt: skip
def test_a_bucket_limits_the_size_of_its_files(storage: Storage, content: bytes, message: str, data: Any) -> None:
    reply = storage.upload(("a", content, "text/plain"), data={"bucket-id": "small"})
    assert reply.status_code == 400
    assert error(reply) == {"message": message, "data": data}


def test_the_limits_of_a_bucket_are_inclusive(storage: Storage) -> None:
    for size in (3, 8):
        assert storage.stored(b"x" * size, data={"bucket-id": "small"})["size"] == size


def test_files_before_a_failing_one_are_reported_and_kept(storage: Storage) -> None:
    reply = storage.upload(
        ("good", b"xxx", "text/plain"), ("bad", b"x" * 9, "text/plain"), ("never", b"xxx", "text/plain"),
        data={"bucket-id": "small"},
    )  # fmt: skip
    assert reply.status_code == 400
    (kept,) = reply.json()["processedFiles"]
    assert kept["name"] == "good"
    assert storage.get(kept["id"]).content == b"xxx"


def test_an_id_can_be_used_once(storage: Storage) -> None:
    file = storage.stored(b"first")
    reply = storage.upload(("a", b"second", "text/plain"), metadata=[json.dumps({"id": file["id"]})])
    assert reply.status_code == 400
    assert "files_pkey" in error(reply)["message"]
    assert storage.get(file["id"]).content == b"first"


@pytest.mark.parametrize("given", ['{"name": "a\\u0000b"}', '{"metadata": {"a": "\\u0000"}}'])
def test_what_postgresql_cannot_hold_is_refused_and_leaves_nothing(
    storage: Storage, sql: Callable[..., Any], given: str
) -> None:
    id = str(uuid4())
    reply = storage.upload(("a", b"x", "text/plain"), metadata=[json.dumps({"id": id, **json.loads(given)})])
    assert reply.status_code == 400
    assert sql("SELECT FROM storage.files WHERE id = $1", id) == []
    assert not (Path(storage.root) / id[:2] / id).exists()


def test_deep_metadata_comes_back_unchanged(storage: Storage) -> None:
    metadata = {"a": [1, 2.5, None, {"b": "\u2028 ü 🙂"}], "big": 12345678901234567890}
    assert storage.stored(metadata=[json.dumps({"metadata": metadata})])["metadata"] == metadata


# Download


def test_every_header_of_a_download_is_there(storage: Storage) -> None:
    file = storage.stored(b"<svg></svg>", name="ä b.svg", type="image/svg+xml")
    headers = storage.get(file["id"]).headers
    assert headers["accept-ranges"] == "bytes"
    assert headers["content-length"] == "11"
    assert headers["content-type"] == "image/svg+xml"
    assert headers["content-disposition"] == "inline; filename=\"%C3%A4+b.svg\"; filename*=UTF-8''%C3%A4%20b.svg"
    assert headers["cache-control"] == headers["surrogate-control"] == "private, max-age=3600"
    assert headers["surrogate-key"] == file["id"]
    assert headers["last-modified"].endswith("GMT")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"


def test_head_answers_the_same_headers_without_the_content(storage: Storage) -> None:
    file = storage.stored(b"content")
    got, head = storage.get(file["id"]), storage.client.head(f"/v1/files/{file['id']}", headers=ADMIN)
    ignored = {"date"}
    assert {k: v for k, v in head.headers.items() if k not in ignored} == {
        k: v for k, v in got.headers.items() if k not in ignored
    }
    assert (head.status_code, head.content) == (200, b"")


def test_a_refused_head_says_why_in_its_header_only(storage: Storage) -> None:
    reply = storage.client.head(f"/v1/files/{uuid4()}", headers=ADMIN)
    assert (reply.status_code, reply.headers["x-error"], reply.content) == (404, "file not found", b"")


def test_a_part_of_a_file_can_be_asked_for(storage: Storage) -> None:
    file = storage.stored(b"0123456789")
    reply = storage.get(file["id"], Range="bytes=2-4")
    assert (reply.status_code, reply.content) == (206, b"234")
    assert (reply.headers["content-range"], reply.headers["content-length"]) == ("bytes 2-4/10", "3")
    assert storage.get(file["id"], Range="bytes=-3").content == b"789"
    assert storage.get(file["id"], Range="bytes=0-").status_code == 200
    other = {"Range": "bytes=2-4", "If-Range": '"other"'}
    assert (storage.get(file["id"], **other).status_code) == 200


def test_a_part_beyond_the_end_is_refused_with_the_size(storage: Storage) -> None:
    file = storage.stored(b"0123456789")
    reply = storage.get(file["id"], Range="bytes=10-")
    assert (reply.status_code, reply.headers["content-range"]) == (416, "bytes */10")
    assert error(reply)["data"] is None


def test_conditions_are_answered_without_the_content(storage: Storage) -> None:
    file = storage.stored()
    for headers, status in (({"If-None-Match": file["etag"]}, 304), ({"If-Match": '"x"'}, 412)):
        reply = storage.get(file["id"], **headers)
        assert (reply.status_code, reply.content) == (status, b"")
        assert reply.headers["etag"] == file["etag"]
        assert reply.headers["cache-control"] == reply.headers["surrogate-control"] == "private, max-age=3600"


@pytest.mark.parametrize("query", ["w=10", "h=1&q=5", "b=2", "f=webp", "w="])
def test_image_transformations_are_refused_not_ignored(storage: Storage, query: str) -> None:
    file = storage.stored(b"\x89PNG\r\n\x1a\n", name="a.png", type="image/png")
    reply = storage.get(f"{file['id']}?{query}")
    message = "image manipulation features are not supported for 'image/png'"
    assert (reply.status_code, error(reply)["message"]) == (400, message)


def test_the_same_format_is_no_transformation(storage: Storage) -> None:
    file = storage.stored(b"bytes")
    assert storage.get(f"{file['id']}?f=same&utm_source=x").content == b"bytes"


@pytest.mark.parametrize(
    ("bucket", "expected"), [("open", "max-age=3600"), ("small", "public, max-age=60"), ("unsigned", "no-store")]
)
def test_caching_is_private_when_a_credential_decided(storage: Storage, bucket: str, expected: str) -> None:
    file = storage.stored(b"xxx", data={"bucket-id": bucket})
    personal = expected if "public" in expected else f"private, {expected}"
    assert storage.get(file["id"]).headers["cache-control"] == personal
    anonymous = storage.client.get(f"/v1/files/{file['id']}")
    assert anonymous.headers.get("cache-control") == (expected if bucket == "open" else None)


def test_an_unfinished_upload_is_told_from_a_missing_one(storage: Storage, sql: Callable[..., Any]) -> None:
    id = str(uuid4())
    sql("INSERT INTO storage.files (id, name) VALUES ($1, 'half')", id)
    reply = storage.get(id)
    assert (reply.status_code, error(reply)["message"]) == (403, "file is not uploaded")


def test_a_row_whose_content_vanished_is_not_found(storage: Storage) -> None:
    file = storage.stored()
    (Path(storage.root) / file["id"][:2] / file["id"]).unlink()
    assert storage.get(file["id"]).status_code == 404


@pytest.mark.parametrize("id", ["nonsense", "..%2f..%2fetc%2fpasswd", "%2e%2e", "%00", "a" * 5000])
def test_an_id_that_is_none_is_refused(storage: Storage, id: str) -> None:
    reply = storage.get(id)
    assert reply.status_code in {400, 404}
    assert error(reply)["message"]


def test_a_row_written_by_a_role_cannot_inject_headers(storage: Storage, sql: Callable[..., Any]) -> None:
    file = storage.stored()
    sql("UPDATE storage.files SET mime_type = $2, name = $3 WHERE id = $1", file["id"],
        "text/html\r\nSet-Cookie: a=b", 'x"\r\nSet-Cookie: a=b\r\n\r\n<script>')  # fmt: skip
    reply = storage.get(file["id"])
    assert (reply.status_code, "set-cookie" in reply.headers) == (200, False)
    assert reply.headers["content-type"] == "application/octet-stream"


# Replace and delete


def replaced(storage: Storage, id: str, content: bytes = b"new", headers: Any = ADMIN, **form: Any) -> httpx.Response:
    files = form.get("files") or {"file": ("new.txt", content, "text/plain")}
    return storage.client.put(f"/v1/files/{id}", files=files, data=form.get("data"), headers=headers)


def test_a_replaced_file_keeps_its_id_and_gets_a_new_content_and_name(storage: Storage) -> None:
    file = storage.stored(b"old", metadata=['{"metadata": {"k": 1}}'])
    reply = replaced(storage, file["id"], b"brand new")
    assert reply.status_code == 200
    now = reply.json()
    assert (now["id"], now["name"], now["size"], now["metadata"]) == (file["id"], "new.txt", 9, {"k": 1})
    assert now["etag"] != file["etag"]
    assert storage.get(file["id"]).content == b"brand new"


def test_a_replacement_may_bring_its_own_name_and_metadata(storage: Storage) -> None:
    file = storage.stored(b"old", metadata=['{"metadata": {"k": 1}}'])
    metadata = ("", b'{"name": "other", "metadata": {"z": 2}}', "application/json")
    reply = replaced(storage, file["id"], files={"metadata": metadata, "file": ("f", b"new")})
    assert (reply.json()["name"], reply.json()["metadata"]) == ("other", {"z": 2})


@pytest.mark.parametrize("files", [{"x": ("a", b"b")}, [("file", ("a", b"1")), ("file", ("b", b"2"))]])
def test_a_replacement_is_exactly_one_file(storage: Storage, files: Any) -> None:
    reply = replaced(storage, storage.stored()["id"], files=files)
    message = "wrong file data in multipart form, one needs to be specified"
    assert (reply.status_code, error(reply)["message"]) == (400, message)
    assert "processedFiles" not in reply.json()


def test_a_replacement_keeps_to_the_buckets_limits_and_else_changes_nothing(storage: Storage) -> None:
    file = storage.stored(b"xxx", data={"bucket-id": "small"})
    assert error(replaced(storage, file["id"], b"x" * 9))["message"] == "file too big"
    assert storage.get(file["id"]).content == b"xxx"


def test_an_upload_that_was_never_finished_can_be_finished_by_replacing(
    storage: Storage, sql: Callable[..., Any]
) -> None:
    id = str(uuid4())
    sql("INSERT INTO storage.files (id, name) VALUES ($1, 'half')", id)
    reply = replaced(storage, id, b"whole")
    assert (reply.status_code, reply.json()["isUploaded"]) == (200, True)
    assert storage.get(id).content == b"whole"


def test_a_deleted_file_is_gone_from_the_api_and_the_disk(storage: Storage) -> None:
    file = storage.stored()
    folder = Path(storage.root) / file["id"][:2]
    assert storage.client.delete(f"/v1/files/{file['id']}", headers=ADMIN).status_code == 204
    assert storage.get(file["id"]).status_code == 404
    assert not list(folder.glob(f"{file['id']}*"))
    assert storage.client.delete(f"/v1/files/{file['id']}", headers=ADMIN).status_code == 404


def test_a_file_whose_content_is_missing_can_still_be_deleted(storage: Storage) -> None:
    file = storage.stored()
    (Path(storage.root) / file["id"][:2] / file["id"]).unlink()
    assert storage.client.delete(f"/v1/files/{file['id']}", headers=ADMIN).status_code == 204


# Permissions


def test_a_user_sees_changes_and_deletes_only_files_of_their_own(storage: Storage) -> None:
    file = storage.stored(b"alice's", headers=user(ALICE))
    assert file["uploadedByUserId"] == ALICE
    path = f"/v1/files/{file['id']}"
    assert storage.client.get(path, headers=user(ALICE)).content == b"alice's"
    for headers in (user(BOB), {}):
        assert storage.client.get(path, headers=headers).status_code == 404
        assert storage.client.head(path, headers=headers).status_code == 404
        assert storage.client.get(f"{path}/presignedurl", headers=headers).status_code == 404
        assert replaced(storage, file["id"], headers=headers).status_code == 404
        assert storage.client.delete(path, headers=headers).status_code == 404
    assert replaced(storage, file["id"], headers=user(ALICE)).status_code == 200
    assert storage.client.delete(path, headers=user(ALICE)).status_code == 204


def test_a_refused_insert_leaves_neither_row_nor_content(storage: Storage, sql: Callable[..., Any]) -> None:
    id = str(uuid4())
    reply = storage.upload(
        ("a", b"x", "text/plain"), headers=user(ALICE), data={"bucket-id": "closed"}, metadata=[json.dumps({"id": id})]
    )
    assert (reply.status_code, error(reply)["message"]) == (403, "you are not authorized")
    assert error(reply)["data"] is None
    assert sql("SELECT FROM storage.files WHERE id = $1", id) == []
    assert not (Path(storage.root) / id[:2] / id).exists()


def test_a_visible_file_that_may_not_be_updated_is_not_replaced(storage: Storage) -> None:
    file = storage.stored(b"old", data={"bucket-id": "open"})
    reply = replaced(storage, file["id"], headers={})
    assert (reply.status_code, error(reply)["message"]) == (403, "you are not authorized")
    assert storage.get(file["id"]).content == b"old"


def test_only_credentials_travel_to_graphql(storage: Storage, peer: GraphQLPeer) -> None:
    sent = {**user(ALICE), "x-hasura-role": "user", "cookie": "a=b", "x-forwarded-for": "1.2.3.4", "x-other": "1"}
    storage.client.get(f"/v1/files/{uuid4()}", headers=sent)
    seen = peer.seen[-1]
    assert (seen["authorization"], seen["x-hasura-role"]) == (f"Bearer user:{ALICE}", "user")
    assert not {"cookie", "x-forwarded-for", "x-other"} & set(seen)
    storage.client.get(f"/v1/files/{uuid4()}")
    assert not [name for name in peer.seen[-1] if name == "authorization" or name.startswith("x-hasura-")]


@pytest.mark.parametrize(
    ("headers", "status", "message"),
    [
        ({"x-hasura-admin-secret": "wrong"}, 403, "you are not authorized"),
        ({"authorization": "Bearer expired"}, 401, "Could not verify JWT: JWTExpired"),
    ],
)
def test_bad_credentials_are_refused(storage: Storage, headers: dict[str, str], status: int, message: str) -> None:
    reply = storage.client.get(f"/v1/files/{uuid4()}", headers=headers)
    assert (reply.status_code, error(reply)["message"]) == (status, message)


# Presigned URLs


def presigned(storage: Storage, id: str) -> str:
    """The path and query of a presigned URL."""
    body = storage.get(f"{id}/presignedurl").json()
    assert body["expiration"] == 30
    assert body["url"].startswith(f"https://files.example.test/v1/files/{id}/presignedurl/contents?X-Amz-")
    return str(body["url"].removeprefix("https://files.example.test"))


def test_a_presigned_url_opens_the_file_without_credentials(storage: Storage) -> None:
    file = storage.stored(b"0123456789")
    path = presigned(storage, file["id"])
    reply = storage.client.get(path)
    assert (reply.status_code, reply.content) == (200, b"0123456789")
    assert reply.headers["cache-control"] in {"max-age=29", "max-age=28", "max-age=27"}
    assert storage.client.get(path, headers={"range": "bytes=0-1"}).content == b"01"
    assert storage.client.get(path, headers={"if-none-match": file["etag"]}).status_code == 304
    assert storage.client.head(path).headers["content-length"] == "10"


def test_a_presigned_url_opens_no_other_file(storage: Storage) -> None:
    one, two = storage.stored(), storage.stored()
    path = presigned(storage, one["id"]).replace(one["id"], two["id"])
    reply = storage.client.get(path)
    assert (reply.status_code, error(reply)["data"]) == (403, None)


def test_a_bucket_can_forbid_presigned_urls_also_later(storage: Storage, sql: Callable[..., Any]) -> None:
    message = "presigned URLs are not enabled on the bucket where this file is located in"
    refused = storage.get(f"{storage.stored(data={'bucket-id': 'unsigned'})['id']}/presignedurl")
    assert (refused.status_code, error(refused)["message"]) == (403, message)
    file = storage.stored()
    path = presigned(storage, file["id"])
    sql("UPDATE storage.files SET bucket_id = 'unsigned' WHERE id = $1", file["id"])
    assert storage.client.get(path).status_code == 403


# Around it


def test_health_has_no_prefix_and_the_version_is_ours(storage: Storage) -> None:
    from nself import __version__

    assert storage.client.get("/healthz").text == "ok"
    assert storage.client.get("/v1/version").json() == {"buildVersion": __version__}


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nothing", 404), ("GET", "/v1/files", 405), ("PATCH", "/v1/files/x", 405)]
)
def test_unknown_paths_and_methods_have_the_same_shape(storage: Storage, method: str, path: str, status: int) -> None:
    reply = storage.client.request(method, path)
    assert reply.status_code == status
    assert error(reply)["data"] is None


def test_a_refused_method_names_those_there_are(storage: Storage) -> None:
    refused = storage.client.patch(f"/v1/files/{uuid4()}")
    assert set(refused.headers["allow"].split(", ")) == {"GET", "HEAD", "PUT", "DELETE"}


def test_a_page_of_another_origin_may_use_the_api(storage: Storage) -> None:
    wanted = "authorization,x-hasura-role,content-type,range,x-custom"
    preflight = storage.client.options(
        "/v1/files/x",
        headers={"origin": "https://app.test", "access-control-request-method": "PUT",
                 "access-control-request-headers": wanted},
    )  # fmt: skip
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert preflight.headers["access-control-max-age"] == "43200"
    assert set(wanted.split(",")) <= set(preflight.headers["access-control-allow-headers"].split(","))
    assert "PUT" in preflight.headers["access-control-allow-methods"]
    refused = storage.client.get(f"/v1/files/{uuid4()}", headers={"origin": "https://app.test"})
    assert refused.headers["access-control-allow-origin"] == "*"
    assert {"ETag", "X-Error", "Content-Range"} <= set(refused.headers["access-control-expose-headers"].split(", "))
