"""How this nself came onto the machine, read from what installers leave behind: only who put it there may renew it."""

from __future__ import annotations

import json
import sys
import sysconfig
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import Distribution
from pathlib import Path
from shlex import quote
from urllib.parse import unquote, urlsplit

NAME = "nself"


class By(StrEnum):
    PIP = "pip"
    PIPX = "pipx"
    UV = "uv"
    CHECKOUT = "checkout"
    FILE = "file"
    DISTRIBUTION = "distribution"


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """`source` is the checkout or the file it was installed from, None when that was a package index."""

    by: By
    version: str
    python: Path
    source: str | None = None

    @property
    def way_out(self) -> list[str]:
        """What to do where we may not renew it ourselves; empty where we may."""
        match self.by:
            case By.CHECKOUT:
                folder = quote(self.source or "")
                return [f"git -C {folder} pull", f"{self.python} -m pip install --editable {folder}"]
            case By.FILE:
                return [f"install a newer file: {self.python} -m pip install FILE"]
            case By.DISTRIBUTION:
                return ["with the system's packages: apt install --only-upgrade nself"]
        return []


def installation() -> Installation:
    """Of the program that runs."""
    return read(
        Distribution.from_name(NAME),
        prefix=Path(sys.prefix),
        managed=sys.prefix == sys.base_prefix and _externally_managed(),
        python=Path(sys.executable),
    )


def read(distribution: Distribution, *, prefix: Path, managed: bool, python: Path) -> Installation:
    """`managed`: the Python belongs to the operating system, and so what is installed for it."""
    by, source = By.PIP, None
    origin = json.loads(distribution.read_text("direct_url.json") or "null")
    if origin:
        by = By.CHECKOUT if "dir_info" in origin else By.FILE
        source = unquote(urlsplit(origin["url"]).path) if origin["url"].startswith("file:") else origin["url"]
    elif managed:
        by = By.DISTRIBUTION
    elif (prefix / "uv-receipt.toml").is_file():
        by = By.UV
    elif (prefix / "pipx_metadata.json").is_file():
        by = By.PIPX
    return Installation(by=by, version=distribution.version, python=python, source=source)


def _externally_managed() -> bool:
    return (Path(sysconfig.get_path("stdlib")) / "EXTERNALLY-MANAGED").is_file()
