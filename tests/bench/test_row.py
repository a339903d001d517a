from __future__ import annotations

from bench.row import Row, markdown


def test_a_target_beside_a_baseline_is_for_their_ratio() -> None:
    row = Row(name="x", value=30, unit="ms", target=1.5, baseline=10, baseline_name="y")
    assert row.met is False
    assert row.cells() == ["x", "30 ms", "10 ms (y)", "3.00 x", "≤ 1.5 x", "missed"]


def test_an_absolute_target_is_for_the_value_whatever_the_baseline() -> None:
    row = Row(name="x", value=30, unit="ms", target=40, baseline=10, baseline_name="y", absolute=True)
    assert row.met is True
    assert row.cells() == ["x", "30 ms", "10 ms (y)", "3.00 x", "≤ 40 ms", "met"]


def test_higher_can_be_better() -> None:
    assert Row(name="x", value=30, unit="requests/s", target=31, better="higher").met is False


def test_without_a_target_nothing_is_met_or_missed() -> None:
    row = Row(name="x", value=30, unit="ms")
    assert row.met is None
    assert row.cells()[-2:] == ["", ""]


def test_the_table_is_aligned() -> None:
    lines = markdown([Row(name="a long name", value=1, unit="s"), Row(name="b", value=2, unit="s")]).splitlines()
    assert len({len(line) for line in lines}) == 1
