"""Against the examples of the S3 documentation ("Authenticating requests: AWS Signature Version 4")."""

from __future__ import annotations

from datetime import UTC, datetime

from nself.s3.signature import EMPTY, Access

EXAMPLE = Access(key="AKIAIOSFODNN7EXAMPLE", secret="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", region="us-east-1")
HOST = "examplebucket.s3.amazonaws.com"
THEN = datetime(2013, 5, 24, tzinfo=UTC)


def test_a_bucket_s_property_is_signed_as_documented() -> None:
    found = EXAMPLE.headers("GET", HOST, "/", {"lifecycle": ""}, payload=EMPTY, now=THEN)
    assert found["authorization"].endswith("fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")


def test_a_list_is_signed_as_documented() -> None:
    found = EXAMPLE.headers("GET", HOST, "/", {"prefix": "J", "max-keys": "2"}, payload=EMPTY, now=THEN)
    assert found["authorization"].endswith("34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")


def test_a_url_is_presigned_as_documented() -> None:
    found = EXAMPLE.presigned("GET", HOST, "/test.txt", life_s=86400, now=THEN)
    assert found.startswith("/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F2013")
    assert found.endswith("&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")


def test_the_secret_is_in_no_repr() -> None:
    assert EXAMPLE.secret not in repr(EXAMPLE)
