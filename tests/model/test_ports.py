"""Ports: one offset for a project, remembered, fixed ones never moved."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nself.errors import ConfigError
from nself.model.ports import HIGHEST, Claim, Ports, choose, dump, duplicates, parse
from nself.model.spec import Port


def claim(service: str, number: int, fixed: int | None = None, name: str = "http") -> Claim:
    return Claim(service=service, port=Port(name=name, number=number, setting=f"{service.upper()}_PORT"), fixed=fixed)


GRAPHQL, AUTH = claim("graphql", 8080), claim("auth", 4000)


def test_on_an_empty_machine_everything_has_its_usual_port() -> None:
    chosen = choose([GRAPHQL, AUTH], Ports(), lambda number: True)
    assert dict(chosen.numbers) == {("graphql", "http"): 8080, ("auth", "http"): 4000}
    assert chosen.offset == 0


def test_one_taken_port_moves_all_of_the_project_together() -> None:
    chosen = choose([GRAPHQL, AUTH], Ports(), lambda number: number != 8080)
    assert (chosen[("graphql", "http")], chosen[("auth", "http")]) == (8180, 4100)


def test_the_third_project_finds_the_third_block() -> None:
    chosen = choose([GRAPHQL, AUTH], Ports(), lambda number: number not in {8080, 4100})
    assert chosen.offset == 200


def test_a_remembered_choice_stays_when_lower_ports_become_free() -> None:
    before = Ports(offset=100, numbers={("graphql", "http"): 8180, ("auth", "http"): 4100})
    assert choose([GRAPHQL, AUTH], before, lambda number: True) == before


def test_a_lost_remembered_port_moves_the_whole_project() -> None:
    before = Ports(offset=0, numbers={("graphql", "http"): 8080, ("auth", "http"): 4000})
    chosen = choose([GRAPHQL, AUTH], before, lambda number: number != 4000)
    assert (chosen[("graphql", "http")], chosen[("auth", "http")]) == (8180, 4100)


def test_while_the_project_holds_some_of_its_ports_only_what_it_lost_moves() -> None:
    before = Ports(offset=100, numbers={("graphql", "http"): 8180, ("auth", "http"): 4100})
    held = {8180}
    found = choose([GRAPHQL, AUTH], before, lambda number: number != 4100, lambda number: number in held)
    assert dict(found.numbers) == {("graphql", "http"): 8180, ("auth", "http"): 4200}
    assert found.offset == 100


def test_two_that_remember_one_port_do_not_both_keep_it() -> None:
    before = Ports(numbers={("graphql", "http"): 8080, ("hasura", "http"): 8080})
    found = choose([GRAPHQL, claim("hasura", 8080)], before, lambda number: True, lambda number: number == 8080)
    assert sorted(found.numbers.values()) == [8080, 8180]


def test_a_new_service_joins_the_offset_of_the_others() -> None:
    before = Ports(offset=100, numbers={("graphql", "http"): 8180})
    chosen = choose([GRAPHQL, AUTH], before, lambda number: True)
    assert chosen[("auth", "http")] == 4100


def test_a_new_service_whose_place_is_taken_moves_alone() -> None:
    before = Ports(offset=100, numbers={("graphql", "http"): 8180})
    chosen = choose([GRAPHQL, AUTH], before, lambda number: number != 4100)
    assert (chosen[("graphql", "http")], chosen[("auth", "http")]) == (8180, 4200)


def test_a_fixed_port_never_moves_and_others_go_out_of_its_way() -> None:
    chosen = choose([GRAPHQL, claim("auth", 4000, fixed=8080)], Ports(), lambda number: True)
    assert (chosen[("auth", "http")], chosen[("graphql", "http")]) == (8080, 8180)


def test_a_port_that_is_no_longer_fixed_goes_back_to_its_usual_place() -> None:
    before = choose([GRAPHQL, claim("auth", 4000, fixed=443)], Ports(), lambda number: True)
    assert choose([GRAPHQL, AUTH], before, lambda number: True)[("auth", "http")] == 4000


def test_two_services_with_one_usual_port_both_get_one() -> None:
    chosen = choose([GRAPHQL, claim("web", 8080)], Ports(), lambda number: True)
    assert (chosen[("graphql", "http")], chosen[("web", "http")]) == (8080, 8180)


def test_a_service_that_left_is_forgotten() -> None:
    before = Ports(offset=0, numbers={("graphql", "http"): 8080, ("auth", "http"): 4000})
    assert ("auth", "http") not in choose([GRAPHQL], before, lambda number: True).numbers


def test_no_block_left_is_an_error_that_names_the_way_out() -> None:
    with pytest.raises(ConfigError, match="no block of free ports") as raised:
        choose([GRAPHQL], Ports(), lambda number: False)
    assert "nself stop" in raised.value.fixes[0]


def test_two_fixed_claims_on_one_port_name_both_and_the_setting() -> None:
    (problem,) = duplicates([claim("graphql", 8080, fixed=9000), AUTH, claim("auth", 4000, fixed=9000)])
    assert problem.path == "AUTH_PORT"
    assert "port 9000, which graphql already has" in str(problem)


def test_what_was_dumped_is_read_back() -> None:
    chosen = choose([GRAPHQL, claim("mail", 1025, name="smtp")], Ports(), lambda number: number != 8080)
    assert parse(dump(chosen)) == chosen


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"ports": []}', '{"offset": "x", "ports": {}}', '{"offset": 0, "ports": {"a": 1}}'],
)
def test_a_damaged_file_counts_as_nothing_remembered(text: str) -> None:
    assert parse(text) == Ports()


def test_numbers_that_are_no_ports_are_not_remembered() -> None:
    text = '{"offset": 0, "ports": {"auth/http": 99999999, "graphql/http": 8080, "mail/smtp": -4}}'
    assert parse(text).numbers == {("graphql", "http"): 8080}


claims = st.lists(
    st.builds(claim, st.sampled_from("abcdefgh"), st.integers(1024, 60_000)), unique_by=lambda c: c.service, max_size=8
)


@given(claims=claims, taken=st.sets(st.integers(1024, HIGHEST), max_size=50))
def test_every_claim_gets_its_own_free_port(claims: list[Claim], taken: set[int]) -> None:
    chosen = choose(claims, Ports(), lambda number: number not in taken)
    numbers = list(chosen.numbers.values())
    assert len(numbers) == len(set(numbers)) == len(claims)
    assert not taken & set(numbers)
    assert choose(claims, chosen, lambda number: number not in taken) == chosen
