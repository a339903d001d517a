"""Every template's description is whole, and says nothing that nobody reads."""

from __future__ import annotations

import pytest

from nself.model import template

SCAFFOLDED = [name for name in template.names() if template.get(name).folder.is_dir()]


@pytest.mark.parametrize("name", SCAFFOLDED)
def test_a_template_describes_itself(name: str) -> None:
    found = template.get(name)
    assert found.language and found.framework and found.summary.endswith(".")
    for task in found.preparation.tasks:
        assert task.run and task.inputs and task.makes


@pytest.mark.parametrize("name", [name for name in SCAFFOLDED if template.get(name).command])
def test_what_a_template_runs_is_argv_and_its_inputs_are_there(name: str) -> None:
    found = template.get(name)
    words = [*found.command, *(word for argv in found.test for word in argv)]
    words += [word for task in found.preparation.tasks for argv in task.run for word in argv]
    assert not {"&&", "||", "|", ";", ">"} & set(words)
    for task in found.preparation.tasks:
        assert any(found.folder.glob(pattern) for pattern in task.inputs)
    for program in found.preparation.programs:
        assert program.hint


def test_a_key_that_nobody_reads_is_refused() -> None:
    with pytest.raises(TypeError):
        template.parse("x", {"language": "C", "framework": "none", "summary": "X.", "comand": ["x"]})


def test_custom_is_known_whether_or_not_it_has_files() -> None:
    assert template.CUSTOM in template.names()
