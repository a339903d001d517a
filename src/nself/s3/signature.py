"""AWS Signature Version 4: what a request must carry so that a store believes it. Pure: the clock is a parameter."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime
from urllib.parse import quote

from nself.records import dataclass

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
EMPTY = hashlib.sha256(b"").hexdigest()
LONGEST_S = 604_800
"""A presigned URL lives for a week at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who asks, and in which region the store believes itself to be."""

    key: str
    secret: str = field(repr=False)
    region: str

    def headers(
        self, method: str, host: str, path: str, query: Mapping[str, str], *, payload: str, now: datetime
    ) -> dict[str, str]:
        """Headers that sign one request. `path` is not encoded, `payload` is the SHA-256 of the body."""
        stamp = _stamp(now)
        signed = {"host": host, "x-amz-content-sha256": payload, "x-amz-date": stamp}
        names = ";".join(signed)
        canonical = _canonical(method, path, query, signed, payload)
        credential = f"Credential={self.key}/{self._scope(stamp)}"
        signature = self._sign(canonical, stamp)
        return {**signed, "authorization": f"{ALGORITHM} {credential}, SignedHeaders={names}, Signature={signature}"}

    def presigned(self, method: str, host: str, path: str, *, life_s: int, now: datetime) -> str:
        """Path and query that are let through for `life_s` seconds by themselves."""
        stamp = _stamp(now)
        query = {
            "X-Amz-Algorithm": ALGORITHM,
            "X-Amz-Credential": f"{self.key}/{self._scope(stamp)}",
            "X-Amz-Date": stamp,
            "X-Amz-Expires": str(life_s),
            "X-Amz-SignedHeaders": "host",
        }
        signature = self._sign(_canonical(method, path, query, {"host": host}, UNSIGNED), stamp)
        return f"{encoded(path)}?{_query(query)}&X-Amz-Signature={signature}"

    def _scope(self, stamp: str) -> str:
        return f"{stamp[:8]}/{self.region}/s3/aws4_request"

    def _sign(self, canonical: str, stamp: str) -> str:
        text = "\n".join([ALGORITHM, stamp, self._scope(stamp), hashlib.sha256(canonical.encode()).hexdigest()])
        key = f"AWS4{self.secret}".encode()
        for part in self._scope(stamp).split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.digest(key, text.encode(), "sha256").hex()


def encoded(path: str) -> str:
    """As S3 signs and expects it: everything but unreserved characters and slashes, in UTF-8."""
    return quote(path, safe="/-_.~")


def _canonical(method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], payload: str) -> str:
    lines = [f"{name}:{text}" for name, text in headers.items()]
    return "\n".join([method, encoded(path), _query(query), *lines, "", ";".join(headers), payload])


def _query(query: Mapping[str, str]) -> str:
    return "&".join(f"{quote(name, safe='-_.~')}={quote(text, safe='-_.~')}" for name, text in sorted(query.items()))


def _stamp(now: datetime) -> str:
    return now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
