"""As whom the stack runs. An ordinary user runs it as themselves; root drops to another account once, at the door.

supervisord itself is started through `setpriv`, so PostgreSQL (which refuses root), nginx, the servers and the user's
own services are all unprivileged. nginx keeps the one capability it needs for ports below 1024.
"""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Iterable
from pathlib import Path

from nself.errors import PermissionDeniedError
from nself.events import Emit, Note, Warned
from nself.host import Host
from nself.records import dataclass

ACCOUNT = "nself"
FALLBACK = "nobody"
_DAC_READ_SEARCH = 2  # its bit in the kernel's capability masks


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """An account and how to become it: `prefix` goes before an argv; empty when we are that account already."""

    uid: int
    gid: int
    name: str
    home: Path
    prefix: tuple[str, ...] = ()

    @property
    def dropped(self) -> bool:
        return bool(self.prefix)


def current() -> Identity:
    """Ourselves, as we are."""
    uid = os.geteuid()
    try:
        entry = pwd.getpwuid(uid)
        return Identity(uid=uid, gid=os.getegid(), name=entry.pw_name, home=Path(entry.pw_dir))
    except KeyError:  # a container may run us under a number without an account
        return Identity(uid=uid, gid=os.getegid(), name=str(uid), home=Path("/"))


def choose(root: Path, host: Host, emit: Emit, *, programs: Iterable[Path]) -> Identity:
    """Who runs the stack of the project at `root`; as root: its owner, else `nself`, else `nobody`.

    `programs` are files and folders that account must reach. When it cannot, reading past folder permissions is
    added to what it may do, with a warning; without that capability the start is refused, with the way out.
    """
    if os.geteuid() != 0:
        return current()
    account = _account(root, host, emit)
    groups = frozenset(os.getgrouplist(account.pw_name, account.pw_gid))
    closed = _first_closed([root, *programs], account.pw_uid, groups)
    if closed is not None:
        _explain(closed, account.pw_name, emit)
    return Identity(
        uid=account.pw_uid,
        gid=account.pw_gid,
        name=account.pw_name,
        home=Path(account.pw_dir),
        prefix=_drop(account, read_all=closed is not None),
    )


def known(root: Path) -> Identity:
    """Who `choose` would have chosen, asked without creating or announcing anything: for `status` and `logs`."""
    if os.geteuid() != 0:
        return current()
    account = _owner(root) or _existing(ACCOUNT) or _existing(FALLBACK)
    if account is None:
        return current()
    prefix = _drop(account, read_all=False)
    return Identity(
        uid=account.pw_uid, gid=account.pw_gid, name=account.pw_name, home=Path(account.pw_dir), prefix=prefix
    )


def give(paths: Iterable[Path], identity: Identity) -> None:
    """Hand files and folders, with all below them, to the account. Links are not followed, and a file with a second
    name elsewhere is left alone: the folder's owner may have put either there."""
    if not identity.dropped:
        return
    for top in paths:
        for path in _below(top):
            found = path.lstat()
            linked = stat.S_ISREG(found.st_mode) and found.st_nlink > 1
            if (found.st_uid, found.st_gid) != (identity.uid, identity.gid) and not linked:
                os.chown(path, identity.uid, identity.gid, follow_symlinks=False)


def _account(root: Path, host: Host, emit: Emit) -> pwd.struct_passwd:
    found = _owner(root) or _existing(ACCOUNT)
    if found is None and host.which("useradd"):
        made = host.run(
            ["useradd", "--system", "--no-create-home", "--home-dir=/nonexistent", "--shell=/usr/sbin/nologin", ACCOUNT]
        )
        found = _existing(ACCOUNT)  # another start may have made it at this moment
        if made.ok:
            emit(Note(f"created the system account {ACCOUNT}: the stack of a project owned by root runs as it"))
    found = found or _existing(FALLBACK)
    if found is None:
        raise PermissionDeniedError(
            "PostgreSQL does not run as root, and this machine has no other account for it",
            fixes=[f"useradd --system {ACCOUNT}", "run nself as an ordinary user"],
        )
    return found


def _owner(root: Path) -> pwd.struct_passwd | None:
    """The account that owns the project folder, unless that is root or a number without an account."""
    uid = root.stat().st_uid
    try:
        return pwd.getpwuid(uid) if uid != 0 else None
    except KeyError:
        return None


def _existing(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _first_closed(paths: Iterable[Path], uid: int, groups: frozenset[int]) -> Path | None:
    """The first folder on the way to `paths` that the account may not pass through."""
    seen: set[Path] = set()
    for path in paths:
        for step in reversed([path, *path.resolve().parents, *path.parents]):
            if step in seen:
                continue
            seen.add(step)
            if not _may_pass(step, uid, groups):
                return step
    return None


def _may_pass(path: Path, uid: int, groups: frozenset[int]) -> bool:
    try:
        found = path.stat()
    except OSError:
        return True  # not there: whoever needs it will say so
    wanted = 0o1 if stat.S_ISDIR(found.st_mode) else 0o4
    shift = 6 if found.st_uid == uid else 3 if found.st_gid in groups else 0
    return bool(found.st_mode >> shift & wanted)


def _explain(closed: Path, name: str, emit: Emit) -> None:
    if not _have(_DAC_READ_SEARCH):
        raise PermissionDeniedError(
            f"the stack runs as {name}, who cannot pass through {closed}",
            fixes=[f"chmod o+x {closed}", "move the project, or Python, out of that folder"],
        )
    emit(
        Warned(
            f"{name}, as whom the stack runs, cannot pass through {closed}, so it was allowed to read every file",
            fix=f"chmod o+x {closed}, or move what is below it elsewhere",
        )
    )


def _have(bit: int) -> bool:
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    masks = dict(line.split(":\t", 1) for line in status.splitlines() if line.startswith("Cap"))
    return all(int(masks.get(name, "0"), 16) >> bit & 1 for name in ("CapEff", "CapBnd"))


def _drop(account: pwd.struct_passwd, *, read_all: bool) -> tuple[str, ...]:
    caps = [name for name, bit in (("net_bind_service", 10), ("dac_read_search", _DAC_READ_SEARCH)) if _have(bit)]
    kept = ["-all", *(f"+{name}" for name in caps if name != "dac_read_search" or read_all)]
    # Programs that ask whether they may (access(2)), rather than try, are answered as if they had no capability, but
    # for this.
    counts = ["--securebits=+no_setuid_fixup"] if read_all else []
    return (
        "setpriv",
        f"--reuid={account.pw_uid}",
        f"--regid={account.pw_gid}",
        "--init-groups",
        f"--inh-caps={','.join(kept)}",
        f"--ambient-caps={','.join(kept)}",
        f"--bounding-set={','.join(kept)}",
        *counts,
        "--",
    )


def _below(top: Path) -> Iterable[Path]:
    if top.is_symlink() or not top.exists():
        return
    yield top
    if top.is_dir():
        for folder, folders, files in os.walk(top):
            for name in (*folders, *files):
                yield Path(folder) / name
