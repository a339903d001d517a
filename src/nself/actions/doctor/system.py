"""The machine: Python, memory, disk."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from nself.actions.doctor.check import Check, Fix, Patient, State, passed

CATEGORY = "system"
GIB = 2**30
MEMORY_WANTED = 1 * GIB
DISK_WANTED = 2 * GIB
DISK_NEEDED = 256 * 2**20
"""Below this PostgreSQL may stop at the next checkpoint."""


def checks(patient: Patient) -> Iterator[Check]:
    yield passed("python", CATEGORY, f"Python {'.'.join(str(part) for part in sys.version_info[:3])}")
    yield memory(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    where = patient.project.root if patient.project else patient.directory.resolve()
    yield disk(shutil.disk_usage(where).free, where)


def memory(total: int) -> Check:
    message = f"{total / GIB:.1f} GiB of memory"
    if total >= MEMORY_WANTED:
        return passed("memory", CATEGORY, message)
    fix = Fix(command="lower POSTGRES_SHARED_BUFFERS and POSTGRES_MAX_CONNECTIONS, or use a larger machine")
    text = f"{message}; the core stack wants {MEMORY_WANTED / GIB:.0f}"
    return Check(id="memory", category=CATEGORY, status=State.WARN, message=text, fix=fix)


def disk(free: int, where: Path) -> Check:
    message = f"{free / GIB:.1f} GiB free at {where}"
    if free >= DISK_WANTED:
        return passed("disk", CATEGORY, message)
    status = State.FAIL if free < DISK_NEEDED else State.WARN
    return Check(id="disk", category=CATEGORY, status=status, message=message, fix=Fix(command="nself clean"))
