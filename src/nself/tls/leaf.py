"""A project's certificate: made by the local authority for the project's hosts, renewed before anybody notices."""

from __future__ import annotations

import hashlib
import ipaddress
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from nself.errors import NselfError
from nself.host import Host
from nself.records import dataclass

LIFE = timedelta(days=365)
RENEW_BEFORE = timedelta(days=30)
CHAIN, KEY, RECORD = "fullchain.pem", "privkey.pem", "certificate.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What was put into `.nself/certs`, kept beside it: looking there is much cheaper than reading certificates."""

    names: tuple[str, ...]
    not_after: datetime
    source: str
    """Fingerprint of the authority, or of the user's own files."""
    files: str
    """Hash of the certificate and key this record is about."""


def names(hosts: Iterable[str], base_domain: str) -> tuple[str, ...]:
    """Everything the certificate must be good for. Hosts stand by themselves beside the wildcard: a wildcard of a
    single label (`*.localhost`) is refused by most clients."""
    found = {*hosts, base_domain, f"*.{base_domain}", "localhost", "127.0.0.1", "::1"}
    return tuple(sorted(found))


def stale(folder: Path, wanted: Sequence[str], source: str, host: Host) -> str | None:
    """Why the certificate in `folder` must be made anew; None when it need not."""
    record = recorded(folder, host)
    if record is None:
        return "there is none yet"
    if record.source != source:
        return "it is from another source"
    if not set(wanted) <= set(record.names):
        missing = sorted(set(wanted) - set(record.names))
        return f"it lacks {', '.join(missing)}"
    if record.not_after - host.now() < RENEW_BEFORE:
        return f"it ends on {record.not_after:%Y-%m-%d}"
    return None


def recorded(folder: Path, host: Host) -> Record | None:
    """None when anything is missing, unreadable or not what the record is about."""
    try:
        document = json.loads(host.read(folder / RECORD))
        record = Record(
            names=tuple(document["names"]),
            not_after=datetime.fromisoformat(document["not_after"]),
            source=document["source"],
            files=document["files"],
        )
        whole = record.files == _hash(host.read(folder / CHAIN), host.read(folder / KEY))
    except (NselfError, ValueError, KeyError, TypeError):
        return None
    return record if whole and record.not_after.tzinfo else None


def store(folder: Path, host: Host, *, chain: str, key: str, record: Record) -> None:
    """The record comes last: whoever is killed before it leaves a certificate that is made again."""
    host.remove(folder / RECORD)
    host.write(folder / KEY, key, mode=0o600)
    host.write(folder / CHAIN, chain)
    document = {
        "names": list(record.names),
        "not_after": record.not_after.astimezone(UTC).isoformat(),
        "source": record.source,
        "files": _hash(chain, key),
    }
    host.write(folder / RECORD, json.dumps(document, indent=2) + "\n")


def is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _hash(chain: str, key: str) -> str:
    return hashlib.sha256(f"{chain}{key}".encode()).hexdigest()
