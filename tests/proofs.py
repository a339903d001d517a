"""What tests proved of each service and template: a fact counts when the whole test that saw it passes.

A test takes `proved` and says `proved("redis", "compose")` once it has seen it. Facts travel in the test's report, so
they arrive from every worker. `docs/reference/services-tested.md` names for each of its claims the test behind it:
when that test passes in any run and has not proved it, the run fails. It fails as well when a test proved what the
page has an empty cell for, so no cell is empty by oversight. `make docs` writes new facts into the page.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Literal, get_args

import pytest

What = Literal["native", "compose", "built", "probed"]
"""native, compose: it ran there and was healthy. built: its image was built from its Dockerfile. probed: a request
that it exists for was answered as it should be."""
Proved = Callable[[str, What], None]
Fact = tuple[str, str]
Facts = Mapping[str, frozenset[Fact]]
"""{test: what it proved}."""

PAGE = "docs/reference/services-tested.md"
WHATS: tuple[str, ...] = get_args(What)
_PROPERTY = "proved"
_CACHE = "nself/proofs"


@pytest.fixture
def proved(request: pytest.FixtureRequest) -> Proved:
    """Record that a service, or a template, was seen to do something. Names that are neither are not shown."""

    def record(name: str, what: What) -> None:
        assert what in WHATS, f"{what!r} is none of {WHATS}"
        request.node.user_properties.append((_PROPERTY, (name, what)))

    return record


def remembered(config: pytest.Config) -> Facts:
    """What tests of this checkout proved when each ran last."""
    assert config.cache is not None
    found = config.cache.get(_CACHE, {})
    return {test: frozenset((name, what) for name, what in facts) for test, facts in found.items()}


class Proofs:
    """Collects facts from reports, wherever the tests ran, and holds the page's claims against them."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.spoiled: set[str] = set()
        self.passed: dict[str, frozenset[Fact]] = {}
        self.skipped: set[str] = set()
        self.lies: list[str] = []
        self.omissions: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        test = report.nodeid
        if not report.passed:
            self.spoiled.add(test)
            self.skipped |= {test} if report.skipped else set()
        elif report.when == "teardown" and test not in self.spoiled:
            facts = (value for name, value in report.user_properties if name == _PROPERTY)
            self.passed[test] = frozenset((str(name), str(what)) for name, what in facts)  # type: ignore[misc]

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self._remember()
        self.lies = unproved(claimed(self.config.rootpath / PAGE), self.passed)
        self.omissions = unclaimed(empty(self.config.rootpath / PAGE), self.passed)
        if (self.lies or self.omissions) and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.lies:
            terminalreporter.section(f"{PAGE} claims what was not proved (make docs)", red=True)
            for lie in self.lies:
                terminalreporter.line(lie)
        if self.omissions:
            terminalreporter.section(f"{PAGE} does not say what was proved (make docs)", red=True)
            for omission in self.omissions:
                terminalreporter.line(omission)
        unchecked = sum(test in self.skipped for test in claimed(self.config.rootpath / PAGE).values())
        if unchecked:
            terminalreporter.line(f"{unchecked} claims of {PAGE} were not checked: their tests were skipped")

    def _remember(self) -> None:
        known = {**remembered(self.config), **self.passed}
        assert self.config.cache is not None
        self.config.cache.set(_CACHE, {test: sorted(facts) for test, facts in sorted(known.items()) if facts})


def claimed(page: Path) -> Mapping[Fact, str]:
    """The claims of the page, where there is one."""
    from tests.docs.services_tested import claims

    return claims(page.read_text(encoding="utf-8")) if page.exists() else {}


def empty(page: Path) -> frozenset[Fact]:
    """Cells of the page that claim nothing and could."""
    from tests.docs.services_tested import empty_cells

    return empty_cells(page.read_text(encoding="utf-8")) if page.exists() else frozenset()


def unclaimed(cells: Collection[Fact], passed: Facts) -> list[str]:
    """Empty cells that a test has a proof for."""
    found = {(fact, test) for test, facts in passed.items() for fact in facts if fact in cells}
    return [f"{name} {what}: {test} proved it" for (name, what), test in sorted(found)]


def unproved(claims: Mapping[Fact, str], passed: Facts) -> list[str]:
    """Claims whose test passed without proving them."""
    return [
        f"{name} {what}: {test} passed and did not prove it"
        for (name, what), test in sorted(claims.items())
        if test in passed and (name, what) not in passed[test]
    ]


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Proofs(config), "nself-proofs-of-a-run")
