"""Certificates and keys as text, and back."""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import NameOID


def certificate(found: x509.Certificate) -> str:
    return found.public_bytes(serialization.Encoding.PEM).decode("ascii")


def private_key(found: PrivateKeyTypes) -> str:
    return found.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode("ascii")


def read_certificate(text: str) -> x509.Certificate | None:
    """The first certificate of a text; None when it has none."""
    chain = read_chain(text)
    return chain[0] if chain else None


def read_chain(text: str) -> list[x509.Certificate]:
    """Empty when the text holds no certificates or broken ones."""
    try:
        return x509.load_pem_x509_certificates(text.encode())
    except ValueError:
        return []


def read_key(text: str) -> PrivateKeyTypes | None:
    """None for anything but a private key without a passphrase."""
    try:
        return serialization.load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None


def belong_together(found: x509.Certificate, key: PrivateKeyTypes) -> bool:
    return _public(found.public_key()) == _public(key.public_key())


def common_name(name: x509.Name) -> str:
    """What people know it by: its common name, else all of it."""
    attributes = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(attributes[0].value) if attributes else name.rfc4514_string()


def alternative_names(found: x509.Certificate) -> tuple[str, ...]:
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    hosts = names.get_values_for_type(x509.DNSName)
    return (*hosts, *(str(address) for address in names.get_values_for_type(x509.IPAddress)))


def _public(key: object) -> bytes:
    return key.public_bytes(  # type: ignore[attr-defined, no-any-return]  # each kind of key has its own class
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
