from __future__ import annotations

import asyncio
import datetime as dt
import ssl
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from nself.graphql.webhooks.outgoing import Call, Outgoing, OutgoingError
from nself.graphql.webhooks.tls_allowlist import TlsAllowlist
from tests.graphql.serving import Api, play


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of somebody else, signed by itself; with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "elsewhere.test")])
    now = dt.datetime.now(dt.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now).not_valid_after(now + dt.timedelta(days=1))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    file.write_bytes(private + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return file


async def secured(certificate: Path) -> asyncio.Server:
    """Answers every request with `"hello"`."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\n"hello"')
        await writer.drain()
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)


def test_only_services_on_the_list_may_show_any_certificate(certificate: Path) -> None:
    async def go() -> None:
        async with await secured(certificate) as server, Outgoing.open() as outgoing:
            port = server.sockets[0].getsockname()[1]
            call = Call(url=f"https://127.0.0.1:{port}/", method="GET", timeout_s=60)
            with pytest.raises(OutgoingError, match="CERTIFICATE_VERIFY_FAILED"):
                await outgoing.send(call)
            outgoing.allowlist.follow({"tls_allowlist": [{"host": "127.0.0.1", "suffix": str(port)}]})
            assert (await outgoing.send(call)).body == b'"hello"'
            outgoing.allowlist.follow({})
            with pytest.raises(OutgoingError, match="CERTIFICATE_VERIFY_FAILED"):
                await outgoing.send(call)

    asyncio.run(go())


@pytest.mark.parametrize(
    ("entry", "trusted"),
    [
        ({"host": "a.test"}, {"https://a.test/", "https://A.test:8443/x"}),
        ({"host": "A.test", "suffix": "8443"}, {"https://A.test:8443/x"}),
        ({"host": "a.test", "suffix": ":443", "permissions": ["self-signed"]}, {"https://a.test/"}),
        ({"host": "a.test", "suffix": "not a port"}, set()),
        ({"host": "test"}, set()),
        ("a.test", set()),
        ({}, set()),
    ],
)
def test_an_entry_is_a_host_and_perhaps_a_port(entry: object, trusted: set[str]) -> None:
    urls = ["https://a.test/", "https://A.test:8443/x", "http://a.test/", "https://b.a.test/"]
    allowlist = TlsAllowlist()
    allowlist.follow({"tls_allowlist": [entry]})
    assert {url for url in urls if allowlist.trusts(httpx.URL(url))} == trusted


def test_the_metadata_decides_for_webhooks(dsn: str, certificate: Path) -> None:
    async def script(api: Api) -> None:
        async with await secured(certificate) as server:
            port = server.sockets[0].getsockname()[1]
            definition = {"type": "query", "handler": f"https://127.0.0.1:{port}", "output_type": "String"}
            await api.metadata("create_action", {"name": "greet", "definition": definition})
            assert "errors" in await api.graphql("{ greet }")
            await api.metadata("add_host_to_tls_allowlist", {"host": "127.0.0.1", "permissions": ["self-signed"]})
            assert await api.graphql("{ greet }") == {"data": {"greet": "hello"}}
            await api.metadata("drop_host_from_tls_allowlist", "127.0.0.1")
            assert "errors" in await api.graphql("{ greet }")

    play(dsn, script)
