"""Short hashes of what a running thing was made from."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path


def of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def keyed(data: bytes, key: str) -> str:
    """For what others can see: without the key nobody can try which secret it is of."""
    return hmac.new(key.encode(), data, "sha256").hexdigest()[:32]


def of_folder(folder: Path) -> str:
    """Of every file below `folder`, by name and content."""
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()] if folder.is_dir() else []
    return of(b"".join(of(bytes(file.relative_to(folder))).encode() + of(file.read_bytes()).encode() for file in files))
