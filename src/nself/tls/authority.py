"""The local certificate authority: one for each user of a machine, made on first need, never in a project."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from nself.host import LocalHost
from nself.records import dataclass
from nself.tls import pem
from nself.tls.place import certificate_path, fingerprint

LIFE = timedelta(days=3650)
# Clocks of phones and virtual machines on the same desk differ.
SKEW = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """`path` is where the certificate is kept."""

    path: Path
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def text(self) -> str:
        return pem.certificate(self.certificate)

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.text)

    @property
    def name(self) -> str:
        return pem.common_name(self.certificate.subject)


def ensure(where: Path, host: LocalHost) -> Authority:
    """The authority kept in `where`, made now if there is none that is whole and valid."""
    found = load(where, host)
    if found is None:
        with host.lock(where / "lock", wait_s=30, holder="nself ssl"):
            found = load(where, host) or _make(where, host)
    return found


def load(where: Path, host: LocalHost) -> Authority | None:
    """None when it is missing, expired, or was only half written."""
    path, key_path = certificate_path(where), _key_path(where)
    if not (host.exists(path) and host.exists(key_path)):
        return None
    certificate, key = pem.read_certificate(host.read(path)), pem.read_key(host.read(key_path))
    if certificate is None or not isinstance(key, ec.EllipticCurvePrivateKey):
        return None
    if not pem.belong_together(certificate, key) or certificate.not_valid_after_utc <= host.now():
        return None
    return Authority(path=path, certificate=certificate, key=key)


def _make(where: Path, host: LocalHost) -> Authority:
    where.chmod(0o700)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _self_signed(key, host.now())
    host.write(_key_path(where), pem.private_key(key), mode=0o600)
    # The certificate comes last: with it the authority is there.
    host.write(certificate_path(where), pem.certificate(certificate), mode=0o644)
    return Authority(path=certificate_path(where), certificate=certificate, key=key)


def _self_signed(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    serial = x509.random_serial_number()
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "nself local development"),
            # A number of its own tells authorities of several machines apart in a browser's list.
            x509.NameAttribute(NameOID.COMMON_NAME, f"nself local CA {serial % 0x10000:04x}"),
        ]
    )
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(now - SKEW)
        .not_valid_after(now + LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _key_path(where: Path) -> Path:
    return where / "ca-key.pem"
