"""Where the authority is kept, and how one set of files is told from another. Cheap: no certificate is read here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path


def folder(environ: Mapping[str, str]) -> Path:
    """Among the user's own data, as the XDG rules place it."""
    home = Path(environ.get("HOME", "/"))
    base = Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return base / "nself" / "ca"


def certificate_path(where: Path) -> Path:
    return where / "ca.pem"


def fingerprint(text: str) -> str:
    """What a project remembers of the files its certificate is from."""
    return hashlib.sha256(text.encode()).hexdigest()
