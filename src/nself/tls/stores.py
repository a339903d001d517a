"""The places that decide whom programs trust: the system's store and those of browsers (NSS). sudo is never called:
what needs root and is not run as root comes back as the command to run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nself.errors import NselfError
from nself.host import Host
from nself.records import dataclass


@dataclass(frozen=True, slots=True)
class Store:
    """One store and whether it trusts the authority; `command` is what would change that, when we may not."""

    name: str
    trusted: bool
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """One family of systems: the folder for extra authorities and the program that takes them in."""

    folder: Path
    update: tuple[str, ...]
    suffix: str = ".crt"


SYSTEMS = (
    System(folder=Path("/usr/local/share/ca-certificates"), update=("update-ca-certificates",)),
    System(folder=Path("/etc/pki/ca-trust/source/anchors"), update=("update-ca-trust",), suffix=".pem"),
    System(folder=Path("/etc/ca-certificates/trust-source/anchors"), update=("trust", "extract-compat")),
    System(folder=Path("/usr/share/pki/trust/anchors"), update=("update-ca-certificates",), suffix=".pem"),
)
"""Debian and its kin, Red Hat, Arch, SUSE."""
SYSTEM = "system"
FILE = "nself-local-ca"
BROWSERS = (
    ".pki/nssdb",
    ".mozilla/firefox/*/cert9.db",
    "snap/firefox/common/.mozilla/firefox/*/cert9.db",
    "snap/chromium/current/.pki/nssdb",
)
"""Chromium and its kin, Firefox's profiles, both as snaps; below the user's home."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """All stores of one user on one machine, for one authority."""

    text: str
    """The authority's certificate."""
    path: Path
    """Where it is kept."""
    name: str
    host: Host
    environ: Mapping[str, str]
    root: bool

    def status(self) -> tuple[Store, ...]:
        return (*self._system_status(), *self._browser_status())

    def install(self) -> tuple[Store, ...]:
        return (*self._install_system(), *(self._install_browser(store) for store in self._databases()))

    def uninstall(self) -> tuple[Store, ...]:
        """Stores afterwards: none trusted, or the command that is left to run."""
        return (*self._uninstall_system(), *(self._uninstall_browser(store) for store in self._databases()))

    # -- the system's store

    def _system(self) -> System | None:
        for system in SYSTEMS:
            if self.host.exists(system.folder) and self.host.which(system.update[0]):
                return system
        return None

    def _anchor(self, system: System) -> Path:
        return system.folder / f"{FILE}{system.suffix}"

    def _system_status(self) -> tuple[Store, ...]:
        system = self._system()
        return () if system is None else (Store(SYSTEM, self._in_system(system)),)

    def _in_system(self, system: System) -> bool:
        anchor = self._anchor(system)
        return self.host.exists(anchor) and self.host.read(anchor) == self.text

    def _install_system(self) -> tuple[Store, ...]:
        system = self._system()
        if system is None:
            return ()
        if self._in_system(system):
            return (Store(SYSTEM, True),)
        if not self.root:
            copy = f"sudo install -m 644 '{self.path}' {self._anchor(system)}"
            return (Store(SYSTEM, False, f"{copy} && sudo {' '.join(system.update)}"),)
        self.host.write(self._anchor(system), self.text)
        self._update(system)
        return (Store(SYSTEM, True),)

    def _uninstall_system(self) -> tuple[Store, ...]:
        system = self._system()
        if system is None or not self.host.exists(self._anchor(system)):
            return ()
        if not self.root:
            command = f"sudo rm {self._anchor(system)} && sudo {' '.join(system.update)}"
            return (Store(SYSTEM, self._in_system(system), command),)
        self.host.remove(self._anchor(system))
        self._update(system)
        return (Store(SYSTEM, False),)

    def _update(self, system: System) -> None:
        ran = self.host.run(system.update)
        if not ran.ok:
            raise NselfError(
                f"{system.update[0]} failed: {ran.stderr.strip() or ran.stdout.strip()}", fixes=["nself trust status"]
            )

    # -- browsers

    def _databases(self) -> list[Path]:
        home = Path(self.environ.get("HOME", "/"))
        found = [path for pattern in BROWSERS for path in self.host.glob(home, pattern)]
        return [path.parent if path.name == "cert9.db" else path for path in found]

    def _browser_status(self) -> tuple[Store, ...]:
        return tuple(Store(self._title(path), self._in_browser(path)) for path in self._databases())

    def _title(self, database: Path) -> str:
        kind = "firefox" if "firefox" in str(database) else "chromium"
        return f"{kind} ({database})"

    def _certutil(self, database: Path, *arguments: str) -> bool:
        return self.host.run(["certutil", "-d", f"sql:{database}", *arguments]).ok

    def _in_browser(self, database: Path) -> bool:
        if self.host.which("certutil") is None:
            return False
        ran = self.host.run(["certutil", "-d", f"sql:{database}", "-L", "-n", self.name, "-a"])
        return ran.ok and ran.stdout.split() == self.text.split()

    def _install_browser(self, database: Path) -> Store:
        title = self._title(database)
        if self.host.which("certutil") is None:
            return Store(title, False, "install libnss3-tools (or nss-tools), then: nself trust install")
        if not self._in_browser(database):
            self._certutil(database, "-D", "-n", self.name)
            self._certutil(database, "-A", "-t", "C,,", "-n", self.name, "-i", str(self.path))
        return Store(title, self._in_browser(database))

    def _uninstall_browser(self, database: Path) -> Store:
        title = self._title(database)
        if self.host.which("certutil") is None:
            return Store(title, False)
        self._certutil(database, "-D", "-n", self.name)
        return Store(title, self._in_browser(database))
