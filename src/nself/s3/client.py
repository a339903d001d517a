"""Requests to one object store: buckets, their policies, objects. Every refusal becomes an error of ours."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Literal
from xml.etree import ElementTree

import httpx

from nself.records import dataclass
from nself.s3.errors import NotInStoreError, StoreError, StoreUnreachableError
from nself.s3.signature import EMPTY, LONGEST_S, Access, encoded

Policy = Literal["private", "public", "custom"]
"""public: whoever knows an object's name may read it. custom: a policy somebody else wrote."""
NAMESPACE = "{*}"
"""Any: Amazon's own is not in the answers of every store."""
LARGEST = 5 * 1024**3
"""What one PUT may carry."""
LISTED = "nself service storage buckets list"
PAUSES_S = (0.5, 1, 1.5, 2, 2.5, None)
"""Seconds between tries; after the last there is none. A store that has just started may refuse for a few seconds,
until all of its parts know each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    name: str
    created: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    key: str
    size: int
    etag: str
    """Without its quotes: the MD5 of what was put in one request."""


class Client:
    """`public` is the address outsiders use, for presigned URLs; `http` may be replaced in tests."""

    def __init__(self, endpoint: str, access: Access, *, public: str | None = None, http: httpx.Client | None = None):
        self.url, self.access, self.public = httpx.URL(endpoint), access, httpx.URL(public or endpoint)
        self._http = http or httpx.Client(timeout=httpx.Timeout(60, connect=5), trust_env=False)

    def close(self) -> None:
        self._http.close()

    def await_answer(self) -> None:
        """Until there is one: the port of a container is open before the program inside listens."""
        for pause in PAUSES_S:
            try:
                self._call("GET", "/")
            except StoreUnreachableError:
                if pause is None:
                    raise
                time.sleep(pause)
            else:
                return

    def buckets(self) -> list[Bucket]:
        found = _xml(self._call("GET", "/"))
        return [
            Bucket(name=_text(each, "Name"), created=_time(_text(each, "CreationDate")))
            for each in found.iterfind(f".//{NAMESPACE}Bucket")
        ]

    def exists(self, bucket: str) -> bool:
        return self._call("HEAD", f"/{bucket}", accept=(404,)).status_code != 404

    def create(self, bucket: str) -> bool:
        """Make it; False when it is there already."""
        if self.exists(bucket):
            return False
        return self._call("PUT", f"/{bucket}", accept=(409,)).status_code != 409

    def delete_bucket(self, bucket: str) -> None:
        """An empty one; a store refuses others."""
        self._call("DELETE", f"/{bucket}")

    def policy(self, bucket: str) -> Policy:
        found = self._call("GET", f"/{bucket}", {"policy": ""}, accept=(404, 501))
        if found.status_code != 200 or not found.content.strip():
            return "private"
        return _kind_of(found.json(), bucket)

    def set_policy(self, bucket: str, policy: Policy) -> None:
        if policy == "public":
            self._call("PUT", f"/{bucket}", {"policy": ""}, body=json.dumps(_readable(bucket)).encode())
        else:
            self._call("DELETE", f"/{bucket}", {"policy": ""}, accept=(404,))

    def objects(self, bucket: str, prefix: str = "") -> Iterator[Object]:
        """Every object, in the order of keys, asked for a thousand at a time."""
        query = {"list-type": "2", "max-keys": "1000", "prefix": prefix}
        while True:
            found = _xml(self._call("GET", f"/{bucket}", query))
            for each in found.iterfind(f".//{NAMESPACE}Contents"):
                etag = _text(each, "ETag").strip('"')
                yield Object(key=_text(each, "Key"), size=int(_text(each, "Size")), etag=etag)
            if _text(found, "IsTruncated") != "true":
                return
            query["continuation-token"] = _text(found, "NextContinuationToken")

    def head(self, bucket: str, key: str) -> Object:
        found = self._call("HEAD", f"/{bucket}/{key}")
        size = int(found.headers.get("content-length", 0))
        return Object(key=key, size=size, etag=found.headers.get("etag", "").strip('"'))

    def put(self, bucket: str, key: str, body: bytes, content_type: str = "application/octet-stream") -> str:
        """A small object, as a whole; its etag."""
        done = self._call("PUT", f"/{bucket}/{key}", body=body, headers={"content-type": content_type})
        return str(done.headers.get("etag", "")).strip('"')

    def put_stream(
        self, bucket: str, key: str, chunks: Iterable[bytes], *, size: int, sha256: str, content_type: str
    ) -> str:
        """An object whose content is read as it is sent. The store checks it against `sha256`. Not tried again."""
        headers = {"content-type": content_type, "content-length": str(size)}
        path = f"/{bucket}/{key}"
        sent = self._send("PUT", path, {}, chunks, headers, sha256)
        self._check(sent, "PUT", path, ())
        return str(sent.headers.get("etag", "")).strip('"')

    @contextmanager
    def get(self, bucket: str, key: str) -> Iterator[httpx.Response]:
        """An object, to be read from `iter_raw`. Tried again until its content begins, not after."""
        path = f"/{bucket}/{key}"
        with ExitStack() as attempt, _reached(self.url):
            for pause in PAUSES_S:
                url, signed = self._signed("GET", path, {}, EMPTY)
                response = attempt.enter_context(self._http.stream("GET", url, headers=signed))
                if not _unready(response) or pause is None:
                    break
                attempt.close()
                time.sleep(pause)
            if response.status_code >= 300:
                response.read()
            self._check(response, "GET", path, ())
            yield response

    def delete(self, bucket: str, key: str) -> None:
        self._call("DELETE", f"/{bucket}/{key}", accept=(404,))

    def presign(self, bucket: str, key: str, *, method: str, life_s: int, now: datetime) -> str:
        """A URL that lets whoever has it do one thing with one object."""
        if not 1 <= life_s <= LONGEST_S:
            raise StoreError(f"a presigned URL lives for 1 to {LONGEST_S} seconds, not {life_s}")
        host = self.public.netloc.decode()
        path = self.access.presigned(method, host, f"/{bucket}/{key}", life_s=life_s, now=now)
        return f"{self.public.scheme}://{host}{path}"

    def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        accept: tuple[int, ...] = (),
    ) -> httpx.Response:
        """One request, tried again while the store says that it is not ready."""
        payload = hashlib.sha256(body).hexdigest()
        for pause in PAUSES_S:
            answer = self._send(method, path, query or {}, body, headers or {}, payload)
            if not _unready(answer) or pause is None:
                break
            time.sleep(pause)
        self._check(answer, method, path, accept)
        return answer

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: bytes | Iterable[bytes],
        headers: Mapping[str, str],
        payload: str,
    ) -> httpx.Response:
        url, signed = self._signed(method, path, query, payload)
        with _reached(self.url):
            return self._http.request(method, url, content=body, headers={**headers, **signed})

    def _signed(self, method: str, path: str, query: Mapping[str, str], payload: str) -> tuple[str, dict[str, str]]:
        host = self.url.netloc.decode()
        signed = self.access.headers(method, host, path, query, payload=payload, now=datetime.now(UTC))
        asked = "&".join(f"{encoded(name)}={_plain(text)}" for name, text in sorted(query.items()))
        return f"{self.url.scheme}://{host}{encoded(path)}{'?' if asked else ''}{asked}", signed

    def _check(self, answer: httpx.Response, method: str, path: str, accept: tuple[int, ...]) -> None:
        if answer.status_code < 300 or answer.status_code in accept:
            return
        code, message = _refusal(answer)
        said = f"{method} {path}: {code or answer.status_code}{f' ({message})' if message else ''}"
        if answer.status_code == 404:
            what = path.removeprefix("/")
            raise NotInStoreError(f"the object store has no {what}", code=code, fixes=[LISTED])
        fixes = {
            403: ["are S3_ACCESS_KEY and S3_SECRET_KEY those of this store?", "date: a wrong clock is refused, too"],
            409: ["--contents deletes what is in it, too"] if code == "BucketNotEmpty" else [],
            501: ["this store cannot do that; another can: nself service list"],
        }.get(answer.status_code, [])
        raise StoreError(f"the object store refused {said}", code=code, fixes=fixes)


@contextmanager
def _reached(url: httpx.URL) -> Iterator[None]:
    try:
        yield
    except httpx.HTTPError as error:
        raise StoreUnreachableError(
            f"the object store at {url.netloc.decode()} cannot be reached: {str(error) or type(error).__name__}",
            fixes=["nself status", "nself start"],
        ) from None


def _unready(answer: httpx.Response) -> bool:
    """It may answer otherwise in a moment: 501 says that it never will."""
    return answer.status_code >= 500 and answer.status_code != 501


def _refusal(answer: httpx.Response) -> tuple[str, str]:
    """The store's own code and words, if it has any: HEAD has none, and a proxy answers in HTML."""
    try:
        found = ElementTree.fromstring(answer.content)
    except ElementTree.ParseError:
        return "", ""
    return found.findtext("Code", ""), found.findtext("Message", "")


def _xml(answer: httpx.Response) -> ElementTree.Element:
    try:
        return ElementTree.fromstring(answer.content)
    except ElementTree.ParseError:
        raise StoreError("the object store answered with something that is not S3", fixes=["nself status"]) from None


def _text(element: ElementTree.Element, name: str) -> str:
    return element.findtext(f"{NAMESPACE}{name}") or ""


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _plain(text: str) -> str:
    return encoded(text).replace("/", "%2F")


def _readable(bucket: str) -> dict[str, object]:
    """Objects may be read by anybody; they may not be listed."""
    allow = {"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject"], "Resource": [f"arn:aws:s3:::{bucket}/*"]}
    return {"Version": "2012-10-17", "Statement": [allow]}


def _kind_of(policy: Mapping[str, object], bucket: str) -> Policy:
    """Stores give a policy back in words of their own: lists of one become the one."""
    statements = policy.get("Statement")
    if not isinstance(statements, list) or not statements:
        return "private"
    (first, *more) = statements
    wanted = [{"s3:GetObject"}, {f"arn:aws:s3:::{bucket}/*"}]
    is_ours = not more and [_set(first.get("Action")), _set(first.get("Resource"))] == wanted
    return "public" if is_ours and first.get("Effect") == "Allow" else "custom"


def _set(value: object) -> set[str]:
    return {value} if isinstance(value, str) else set(value) if isinstance(value, list) else set()
