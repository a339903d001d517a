"""URLs that carry their own permission: AWS SigV4's query shape, our own key, independent of where contents are stored.

The signature covers the file, the time and every parameter we set, over decoded values: clients re-encode the query
and may add image parameters, which are not signed.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from nself.records import dataclass
from nself.storage.errors import PresignError

_TIME = "%Y%m%dT%H%M%SZ"
_SCOPE = "nself/s3/aws4_request"
_CLOCKS_APART = timedelta(minutes=15)
"""How far ahead of ours the signer's clock may be: what S3 allows."""
_LONGEST_S = 604_800
_REQUIRED = (
    "X-Amz-Algorithm",
    "X-Amz-Checksum-Mode",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
    "x-id",
)


@dataclass(frozen=True, slots=True)
class Presigner:
    """Signs and checks with one key. Processes that share `secret` accept each other's URLs."""

    secret: bytes

    def __repr__(self) -> str:
        return "Presigner()"

    def query(self, file_id: str, *, now: datetime, life_s: int) -> str:
        """The query string that opens `file_id` for `life_s` seconds."""
        stamp = now.astimezone(UTC).strftime(_TIME)
        parameters = {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Checksum-Mode": "ENABLED",
            "X-Amz-Credential": f"nself/{stamp[:8]}/{_SCOPE}",
            "X-Amz-Date": stamp,
            "X-Amz-Expires": str(life_s),
            "X-Amz-SignedHeaders": "host",
            "x-id": "GetObject",
        }
        return urlencode({**parameters, "X-Amz-Signature": self._sign(file_id, parameters)})

    def check(self, file_id: str, query: Mapping[str, str], *, now: datetime) -> int:
        """Seconds the URL still lives. PresignError says what is wrong with it."""
        for name in _REQUIRED:
            if name not in query:
                raise PresignError(f"problem parsing {name}: parameter is missing")
        began = _time(query["X-Amz-Date"])
        life = timedelta(seconds=_seconds(query["X-Amz-Expires"]))
        if now - began >= life:
            raise PresignError("signature already expired")
        if began - now > _CLOCKS_APART:
            raise PresignError("signature is not valid yet", status=403)
        signed = {name: query[name] for name in _REQUIRED if name != "X-Amz-Signature"}
        if not hmac.compare_digest(query["X-Amz-Signature"].encode(), self._sign(file_id, signed).encode()):
            raise PresignError("the signature does not match the request", status=403)
        return int((life - (now - began)).total_seconds())

    def _sign(self, file_id: str, parameters: Mapping[str, str]) -> str:
        key = b"nself-presign:" + self.secret
        for piece in (parameters["X-Amz-Date"][:8], _SCOPE):
            key = hmac.digest(key, piece.encode(), "sha256")
        canonical = urlencode([("file", file_id), *sorted(parameters.items())])
        return hmac.new(key, canonical.encode(), hashlib.sha256).hexdigest()


def _time(text: str) -> datetime:
    try:
        return datetime.strptime(text, _TIME).replace(tzinfo=UTC)
    except ValueError:
        raise PresignError("problem parsing X-Amz-Date: expected the form YYYYMMDDTHHMMSSZ") from None


def _seconds(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", text) or not 1 <= int(text) <= _LONGEST_S:
        raise PresignError(f"problem parsing X-Amz-Expires: expected 1 to {_LONGEST_S} seconds")
    return int(text)
