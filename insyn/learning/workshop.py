"""The workshop: a copy of the project's training inputs with the lessons added, trained and compared before anything is swapped.

`export` writes the copy, `evaluate` trains it and compares, `accept` takes files and model over into the project. The running
model is untouched until then, and the service goes on with it until it is started again.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from insyn.clock import Clock
from insyn.learning.comparing import Comparison, Reading, compare, question_sets
from insyn.learning.corrections import Lesson
from insyn.learning.files import REGRESSION, add_lessons
from insyn.policy.answers import AnswerBook
from insyn.runtime.progress import Stop, step
from insyn.runtime.rasa_command import rasa_environment
from insyn.runtime.training import TRAINING_DATA, ensure_model, fingerprint, model_path
from insyn.settings import PROJECT_ROOT

_LESSONS = "lessons.json"
_REPORT = "report.json"


@dataclass(frozen=True)
class Report:
    """What an evaluation found: of which models, when, with which lessons."""

    at: datetime
    running: str
    candidate: str
    lessons: int
    comparison: Comparison


class Workshop:
    """Works in `home`, on a project at `root`."""

    def __init__(self, home: Path, book: AnswerBook, clock: Clock, root: Path = PROJECT_ROOT) -> None:
        self._home = home
        self._book = book
        self._clock = clock
        self._root = root
        self.candidate = home / "candidate"

    def export(self, lessons: Sequence[Lesson]) -> list[Path]:
        """Writes the candidate anew: the project's inputs with the lessons; the files that differ, relative to it."""
        shutil.rmtree(self.candidate, ignore_errors=True)
        self.candidate.mkdir(parents=True)
        (self._home / _REPORT).unlink(missing_ok=True)
        for name in ("config.yml", "domain", *TRAINING_DATA, str(REGRESSION.parent.parent)):
            source, target = self._root / name, self.candidate / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
            elif source.exists():
                shutil.copy(source, target)
        (self.candidate / "bot").symlink_to((self._root / "bot").resolve(), target_is_directory=True)
        changed = add_lessons(self.candidate, lessons)
        kept = [{"turn_seq": each.turn_seq, "intent": each.intent, "text": each.text} for each in lessons]
        (self.candidate / _LESSONS).write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
        return changed

    def evaluate(self) -> Report:
        """Trains the candidate and compares it with the model of the project. Raises `Stop`."""
        lessons = self.exported()
        running, trained = ensure_model(self._root), ensure_model(self.candidate)
        sets = question_sets(self.candidate)
        texts = list(dict.fromkeys(question.text for questions in sets.values() for question in questions))
        with step("Modellerna läser provfrågorna"):
            before, after = (self._read(model, texts) for model in (running, trained))
        report = Report(
            self._clock(), _name(running), _name(trained), len(lessons), compare(sets, before, after, self._book)
        )
        self._write(report)
        return report

    def accept(self, *, despite: bool = False) -> tuple[Report, list[Lesson], list[Path]]:
        """Takes the candidate's files and model into the project: `(report, lessons, changed files)`.

        Raises `Stop` when what would be taken was never compared, the project has changed since, or something that was
        corrected would be misread again and `despite` is not given.
        """
        lessons, report = self.exported(), self.report()
        trained = model_path(self.candidate)
        if report is None or report.candidate != _name(trained) or not trained.exists():
            raise Stop("Kandidaten är inte utvärderad. Kör insyn learn evaluate.", "Evaluate the candidate first.")
        if report.running != _name(model_path(self._root)):
            raise Stop(
                "Projektets träningsdata har ändrats sedan utvärderingen. Kör insyn learn export och evaluate igen.",
                "The project has changed since the evaluation: export and evaluate again.",
            )
        if report.comparison.breaks_regression and not despite:
            raise Stop(
                "Något som en gång rättats skulle misstolkas igen, se insyn learn report. Flaggan --despite-worse tar modellen ändå.",
                "Something that was corrected would be misread again; --despite-worse takes the model anyway.",
            )
        changed = add_lessons(self._root, lessons)
        models = model_path(self._root).parent
        models.mkdir(exist_ok=True)
        if fingerprint(self._root) == fingerprint(self.candidate):
            shutil.copy(trained, model_path(self._root))
        return report, lessons, changed

    def exported(self) -> list[Lesson]:
        """The lessons of the candidate. Raises `Stop` when nothing was exported."""
        try:
            kept = json.loads((self.candidate / _LESSONS).read_text(encoding="utf-8"))
        except OSError:
            raise Stop("Det finns ingen kandidat. Kör insyn learn export.", "Nothing was exported yet.") from None
        return [Lesson(**each) for each in kept]

    def report(self) -> Report | None:
        """The latest evaluation of the candidate, if there is one."""
        try:
            data: dict[str, Any] = json.loads((self._home / _REPORT).read_text(encoding="utf-8"))
        except OSError:
            return None
        return Report(
            datetime.fromisoformat(data["at"]), data["running"], data["candidate"], data["lessons"],
            Comparison.of_data(data["comparison"]),
        )  # fmt: skip

    def _write(self, report: Report) -> None:
        data = {
            "at": report.at.isoformat(), "running": report.running, "candidate": report.candidate,
            "lessons": report.lessons, "comparison": report.comparison.as_data(),
        }  # fmt: skip
        (self._home / _REPORT).write_text(json.dumps(data, ensure_ascii=False, indent=1), encoding="utf-8")

    def _read(self, model: Path, texts: Sequence[str]) -> Mapping[str, Reading]:
        bot = self._root / "bot"
        done = subprocess.run(
            [str(bot / ".venv" / "bin" / "python"), str(bot / "read_with.py"), str(model)],
            input=json.dumps(texts), env=rasa_environment(), capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode != 0:
            raise Stop("Modellen kunde inte läsas.", "The model could not be read.", "  " + done.stderr.strip()[-500:])
        return dict(zip(texts, json.loads(done.stdout), strict=True))


def _name(model: Path) -> str:
    return model.name.removesuffix(".tar.gz")
