"""Presigned URLs: who holds the key may open one file for a while, and nobody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest

from nself.storage.errors import PresignError
from nself.storage.presign import Presigner

FILE = "f215cf48-7458-4596-9aa5-2159fc6a3caf"
OTHER = "f215cf48-7458-4596-9aa5-2159fc6a3cb0"
NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
SIGNER = Presigner(b"secret")


def signed(**changes: str) -> dict[str, str]:
    query = dict(parse_qsl(SIGNER.query(FILE, now=NOW, life_s=30)))
    return {**query, **{name.replace("_", "-"): value for name, value in changes.items()}}


def status_of(query: dict[str, str], *, file: str = FILE, now: datetime = NOW, signer: Presigner = SIGNER) -> int:
    with pytest.raises(PresignError) as caught:
        signer.check(file, query, now=now)
    return caught.value.http_status


def test_a_signed_query_opens_its_file_and_says_how_long() -> None:
    assert SIGNER.check(FILE, signed(), now=NOW + timedelta(seconds=10)) == 20


def test_image_parameters_may_be_added_because_they_are_not_signed() -> None:
    assert SIGNER.check(FILE, signed(w="100", q="5"), now=NOW) == 30


def test_it_has_the_shape_of_an_s3_url_and_no_real_credential() -> None:
    query = signed()
    assert query["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"
    assert query["X-Amz-Date"] == "20260301T120000Z"
    assert query["X-Amz-Credential"] == "nself/20260301/nself/s3/aws4_request"
    assert set(query) >= {"X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Checksum-Mode", "X-Amz-Signature", "x-id"}


def test_it_is_over_at_the_end_of_its_life_to_the_second() -> None:
    assert SIGNER.check(FILE, signed(), now=NOW + timedelta(seconds=29.9)) == 0
    assert status_of(signed(), now=NOW + timedelta(seconds=30)) == 400
    with pytest.raises(PresignError, match="signature already expired"):
        SIGNER.check(FILE, signed(), now=NOW + timedelta(days=400))


@pytest.mark.parametrize(
    "changes",
    [
        {"X_Amz_Expires": "300"},
        {"X_Amz_Date": "20260301T120001Z"},
        {"X_Amz_Signature": "0" * 64},
        {"X_Amz_Signature": ""},
        {"X_Amz_Signature": "é" * 64},
        {"X_Amz_Credential": "nself/20260302/nself/s3/aws4_request"},
        {"X_Amz_Algorithm": "none"},
        {"X_Amz_SignedHeaders": ""},
    ],
)
def test_a_changed_parameter_is_a_forgery(changes: dict[str, str]) -> None:
    assert status_of(signed(**changes)) == 403


def test_a_signature_is_for_one_file_and_by_one_key() -> None:
    assert status_of(signed(), file=OTHER) == 403
    assert status_of(signed(), signer=Presigner(b"another")) == 403


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"X_Amz_Expires": "x"}, "problem parsing X-Amz-Expires"),
        ({"X_Amz_Expires": "-5"}, "problem parsing X-Amz-Expires"),
        ({"X_Amz_Expires": "0"}, "problem parsing X-Amz-Expires"),
        ({"X_Amz_Expires": "9" * 400}, "problem parsing X-Amz-Expires"),
        ({"X_Amz_Expires": "604801"}, "problem parsing X-Amz-Expires"),
        ({"X_Amz_Date": "yesterday"}, "problem parsing X-Amz-Date"),
        ({"X_Amz_Date": "20261301T000000Z"}, "problem parsing X-Amz-Date"),
    ],
)
def test_what_cannot_be_read_is_named(changes: dict[str, str], message: str) -> None:
    with pytest.raises(PresignError, match=message) as caught:
        SIGNER.check(FILE, signed(**changes), now=NOW)
    assert caught.value.http_status == 400


@pytest.mark.parametrize("name", sorted(signed()))
def test_no_parameter_may_be_missing(name: str) -> None:
    query = signed()
    del query[name]
    assert status_of(query) == 400


def test_a_signer_whose_clock_is_ahead_is_believed_for_a_quarter_of_an_hour() -> None:
    assert SIGNER.check(FILE, signed(), now=NOW - timedelta(minutes=14)) == 30 + 14 * 60
    assert status_of(signed(), now=NOW - timedelta(minutes=16)) == 403
    assert status_of(signed(X_Amz_Date="99991231T235959Z")) == 403


def test_the_key_does_not_show() -> None:
    assert "secret" not in repr(SIGNER)
