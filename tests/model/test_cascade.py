from __future__ import annotations

import pytest

from nself.model.cascade import files
from nself.model.project import Environment
from tests.model.stacks import loaded, problems, project


def test_the_order_of_files_is_the_documented_one() -> None:
    assert files(Environment.DEV) == [
        ".env.dev", ".environments/dev/.env", ".env.local", ".env.secrets", ".environments/dev/.env.secrets", ".env",
    ]  # fmt: skip
    assert files(Environment.PROD) == [
        ".env.dev", ".env.prod", ".environments/prod/.env", ".env.secrets", ".environments/prod/.env.secrets", ".env",
    ]  # fmt: skip


def test_only_legacy_prod_inherits_staging() -> None:
    assert ".env.staging" in files(Environment.PROD, legacy=True)
    assert ".env.staging" not in files(Environment.PROD)
    assert files(Environment.STAGING, legacy=True) == files(Environment.STAGING)


ORDER = [
    ".env.dev", ".env.prod", ".environments/prod/.env", ".env.secrets", ".environments/prod/.env.secrets", ".env",
]  # fmt: skip


@pytest.mark.parametrize("strongest", range(len(ORDER)))
def test_each_file_wins_over_those_before_it(strongest: int) -> None:
    given = {file: f"MINE={file}\n" for file in ORDER[: strongest + 1]}
    value = project(given, env="prod").values["MINE"]
    assert (value.text, value.file) == (ORDER[strongest], ORDER[strongest])
    assert value.line == (4 if strongest == 0 else 1)


def test_local_counts_in_dev_only() -> None:
    given = {".env.local": "MINE=1"}
    assert "MINE" in project(given).values
    assert "MINE" not in project(given, env="staging").values


def test_the_process_environment_counts_for_known_names_only() -> None:
    found = project({".env": "POSTGRES_PORT=1\nMINE=file"}, {"POSTGRES_PORT": "2", "MINE": "process", "OTHER": "x"})
    assert found.values["POSTGRES_PORT"].text == "2"
    assert found.values["POSTGRES_PORT"].layer == "process environment"
    assert found.values["MINE"].text == "file"
    assert "OTHER" not in found.values


def test_the_prefix_opens_every_name_and_set_wins_over_all() -> None:
    environ = {"NSELF_VAR_MINE": "prefix", "NSELF_VAR_POSTGRES_PORT": "3", "POSTGRES_PORT": "2"}
    assert project({".env": "MINE=file"}, environ).values["MINE"].text == "prefix"
    found = loaded({".env": "PROJECT_NAME=x\nPOSTGRES_PORT=1"}, environ, overrides=[("POSTGRES_PORT", "4")])
    assert [value.text for value in found.cascade.explain("POSTGRES_PORT")] == ["1", "2", "3", "4"]


def test_a_reference_sees_the_winning_value_wherever_it_stands() -> None:
    found = project({".env.dev": "URL=https://${HOST_NAME}/x\nHOST_NAME=dev.test\n", ".env": "HOST_NAME=mine.test"})
    assert found.values["URL"].text == "https://mine.test/x"


def test_a_reference_to_itself_sees_the_layer_below() -> None:
    assert project({".env.dev": "LIST=a", ".env": "LIST=${LIST},b"}).values["LIST"].text == "a,b"


def test_references_fall_back_to_the_process_then_to_defaults() -> None:
    found = project({".env": "A=${HOME}\nB=${BASE_DOMAIN}\nC=${GONE:-c}\nD=${EMPTY:-d}\nEMPTY="}, {"HOME": "/home/x"})
    assert [found.values[key].text for key in "ABCD"] == ["/home/x", "localhost", "c", "d"]


def test_a_reference_to_nothing_is_a_warning_with_the_nearest_name() -> None:
    (warning,) = project({".env": "A=${POSTGRES_PROT}"}).warnings
    assert str(warning) == (
        ".env:1: A: refers to POSTGRES_PROT, which nothing sets: taken as empty (did you mean POSTGRES_PORT?)"
    )


def test_a_circle_of_references_is_a_problem() -> None:
    found = problems({".env": "A=${B}\nB=${C}\nC=${A}"})
    assert any("refers to itself" in problem and problem.startswith(".env:") for problem in found)


def test_a_long_chain_of_references_is_a_problem_not_a_crash() -> None:
    text = "\n".join(f"A{number}=${{A{number + 1}}}" for number in range(5000))
    assert any("too many references" in problem for problem in problems({".env": text}))


def test_references_that_multiply_are_cut_off() -> None:
    text = "\n".join(f"A{n}=" + f"${{A{n + 1}}}" * 10 for n in range(20)) + "\nA20=0123456789"
    assert any("too much text" in problem for problem in problems({".env": text}))


def test_a_value_of_a_domain_variable_becomes_the_base_domain() -> None:
    given = {".env": "BASE_DOMAIN=x.test\nPROD_DOMAIN=shop.example\nURL=${BASE_DOMAIN}"}
    assert project(given).base_domain == "x.test"
    prod = project(given, env="prod")
    assert (prod.base_domain, prod.values["URL"].text) == ("shop.example", "shop.example")
    assert prod.values["BASE_DOMAIN"].line == 2
    assert project(given, {"BASE_DOMAIN": "cli.test"}, env="prod").base_domain == "cli.test"


def test_an_alias_is_kept_under_its_real_name() -> None:
    found = project({".env": "AUTH_JWT_ACCESS_TOKEN_EXPIRES_IN=60", ".env.dev": "AUTH_ACCESS_TOKEN_EXPIRES_IN=30"})
    assert found.values["AUTH_ACCESS_TOKEN_EXPIRES_IN"].text == "60"


def test_two_names_of_one_setting_that_disagree_are_a_contradiction() -> None:
    (problem,) = problems({".env": "AUTH_JWT_ACCESS_TOKEN_EXPIRES_IN=60\nAUTH_ACCESS_TOKEN_EXPIRES_IN=30"})
    assert problem == (
        ".env:2: AUTH_ACCESS_TOKEN_EXPIRES_IN: is another name of AUTH_JWT_ACCESS_TOKEN_EXPIRES_IN, which line 1 sets"
        " to something else (keep AUTH_ACCESS_TOKEN_EXPIRES_IN only)"
    )
