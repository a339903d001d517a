"""The table of services and templates claims nothing that no test proved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docs import services_tested
from tests.docs.services_tested import ROOT
from tests.proofs import PAGE, remembered

HERE = "tests/docs/test_services_tested.py"
TEST = f"{HERE}::test_every_claim_names_a_test_that_exists"
OTHER = f"{HERE}::test_the_page_is_what_was_proved"


def test_the_page_is_what_was_proved(golden: Callable[[Path, str], None], request: pytest.FixtureRequest) -> None:
    """Without --update-golden the page is held against the services there are; its claims, against tests that run."""
    page = ROOT / PAGE
    claims = services_tested.claims(page.read_text(encoding="utf-8")) if page.exists() else {}
    if request.config.getoption("--update-golden"):
        claims = services_tested.merged(claims, remembered(request.config))
    golden(page, services_tested.page(claims))


def test_every_claim_names_a_test_that_exists() -> None:
    claims = services_tested.claims((ROOT / PAGE).read_text(encoding="utf-8"))
    assert [test for test in claims.values() if not services_tested.exists(test)] == []


def test_a_printed_claim_is_read_back() -> None:
    claims = {("mail", "probed"): f"{TEST}[a b-compose]", ("nginx", "native"): TEST}
    assert services_tested.claims(services_tested.page(claims)) == claims


def test_a_cell_is_empty_unless_it_is_claimed_or_has_nothing_to_prove() -> None:
    empty = services_tested.empty_cells(services_tested.page({("redis", "native"): TEST}))
    assert ("redis", "compose") in empty
    assert not {("redis", "native"), ("redis", "built")} & empty
    assert ("mail", "built") in empty


def test_a_name_that_is_neither_service_nor_template_is_not_shown() -> None:
    assert services_tested.claims(services_tested.page({("web-of-someone", "native"): TEST})) == {}


def test_a_new_proof_becomes_a_claim_of_the_first_test_that_has_it() -> None:
    fact = ("mail", "native")
    proofs = {TEST: frozenset({fact}), OTHER: frozenset({fact})}
    assert services_tested.merged({}, proofs) == {fact: TEST}
    assert services_tested.merged({fact: OTHER}, proofs) == {fact: OTHER}


def test_a_claim_whose_test_ran_and_did_not_prove_it_goes() -> None:
    fact = ("mail", "native")
    assert services_tested.merged({fact: TEST}, {TEST: frozenset({("mail", "probed")})}) == {("mail", "probed"): TEST}
    assert services_tested.merged({fact: TEST}, {}) == {fact: TEST}


@pytest.mark.parametrize("gone", ["tests/no_such_file.py::test_it", f"{HERE}::test_no_such_test"])
def test_a_test_that_is_gone_proves_nothing(gone: str) -> None:
    assert services_tested.merged({("mail", "native"): gone}, {gone: frozenset({("mail", "native")})}) == {}
