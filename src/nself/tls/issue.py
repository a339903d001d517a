"""Sign a leaf with the local authority."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from nself.host import Host
from nself.tls import leaf, pem
from nself.tls.authority import SKEW, Authority
from nself.tls.leaf import LIFE, Record

LONGEST_COMMON_NAME = 64


def into(folder: Path, authority: Authority, names: Sequence[str], host: Host) -> Record:
    """Make a certificate and its key, and put them in `folder`."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = sign(key, authority, names, host.now())
    chain = pem.certificate(certificate) + authority.text
    record = Record(
        names=tuple(names), not_after=certificate.not_valid_after_utc, source=authority.fingerprint, files=""
    )
    leaf.store(folder, host, chain=chain, key=pem.private_key(key), record=record)
    return record


def sign(
    key: ec.EllipticCurvePrivateKey, authority: Authority, names: Sequence[str], now: datetime
) -> x509.Certificate:
    # Never beyond the authority's own end: some clients refuse such a chain.
    ends = min(now + LIFE, authority.certificate.not_valid_after_utc)
    shown = min((name for name in names if name[0] != "*" and not leaf.is_address(name)), key=len)[:LONGEST_COMMON_NAME]
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, shown)]))
        .issuer_name(authority.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False)
        .sign(authority.key, hashes.SHA256())
    )


def _general(name: str) -> x509.GeneralName:
    return x509.IPAddress(ipaddress.ip_address(name)) if leaf.is_address(name) else x509.DNSName(name)
