"""Lessons become lines of the project's own files, each once, and nothing else in them changes."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from insyn.learning.corrections import Lesson
from insyn.learning.files import NLU, REGRESSION, BrokenFile, add_lessons, examples_in
from insyn.settings import PROJECT_ROOT

OLD = 'version: "3.1"\nnlu:\n  - intent: request.access\n    examples: |\n      - utdrag tack\n      - "citat" #1: ja\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / NLU).mkdir(parents=True)
    (tmp_path / NLU / "request.access.yml").write_text(OLD, encoding="utf-8")
    return tmp_path


def lesson(text: str, intent: str = "request.access") -> Lesson:
    return Lesson(1, intent, text)


def test_examples_stand_last_in_their_file(root: Path) -> None:
    changed = add_lessons(root, [lesson("skicka: allt # nu"), lesson("utdrag tack"), lesson("skicka: allt # nu")])
    assert changed == [NLU / "request.access.yml", REGRESSION]
    assert (root / changed[0]).read_text(encoding="utf-8") == OLD + "      - skicka: allt # nu\n"
    assert yaml.safe_load((root / REGRESSION).read_text(encoding="utf-8")) == {
        "request.access": ["skicka: allt # nu", "utdrag tack"]
    }
    assert (root / REGRESSION).read_text(encoding="utf-8").startswith("#")


def test_the_same_lessons_again_change_nothing(root: Path) -> None:
    lessons = [lesson("skicka allt, 'nu' genast: ⟨namn 1⟩")]
    add_lessons(root, lessons)
    assert add_lessons(root, lessons) == []
    assert add_lessons(root, []) == []


def test_a_message_has_one_meaning_in_the_regression_set(root: Path) -> None:
    (root / NLU / "complaint.yml").write_text(OLD.replace("request.access", "complaint"), encoding="utf-8")
    add_lessons(root, [lesson("så här gör man inte")])
    add_lessons(root, [lesson("så här gör man inte", "complaint")])
    assert yaml.safe_load((root / REGRESSION).read_text(encoding="utf-8")) == {"complaint": ["så här gör man inte"]}


@pytest.mark.parametrize("content", ["nlu: []\n", "a: b\n", OLD + "  - intent: two\n    examples: |\n      - x\n"])
def test_a_file_of_another_form_is_left_alone(root: Path, content: str) -> None:
    path = root / NLU / "request.access.yml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(BrokenFile):
        add_lessons(root, [lesson("skicka allt")])
    assert path.read_text(encoding="utf-8") == content


def test_a_list_that_is_not_last_is_left_alone(root: Path) -> None:
    path = root / NLU / "request.access.yml"
    path.write_text(OLD + "    metadata: x\n", encoding="utf-8")
    with pytest.raises(BrokenFile):
        add_lessons(root, [lesson("skicka allt")])
    assert path.read_text(encoding="utf-8") == OLD + "    metadata: x\n"


def test_every_file_of_the_project_has_the_form() -> None:
    files = sorted((PROJECT_ROOT / NLU).glob("*.yml"))
    assert files
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert examples_in(text), path.name
        assert text.rstrip("\n").splitlines()[-1].strip() == f"- {examples_in(text)[-1]}", path.name
