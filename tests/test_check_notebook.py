"""`course check` says of an answer what the notebook itself says of it."""

from pathlib import Path
from typing import Any

import nbformat
import pytest

from course_utils.check_notebook import _Kernel, check
from course_utils.exercises import LESSONS, catalogue
from course_utils.exercises.exercise import Exercise
from course_utils.grading import inside
from course_utils.needed import NOT_THERE
from tests.grading.classroom import IMPORTS, known_mistakes, notebook_with, right_answers


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_lessons_own_solutions_pass(lesson: int, tmp_path: Path) -> None:
    """In the notebook that is handed out, with all that it gives learners to build with."""
    nbformat.write(notebook_with(lesson, right_answers(lesson)), tmp_path / "mine.ipynb")
    report = check(tmp_path / "mine.ipynb")
    assert {judged.name: judged.text for judged in report.verdicts if judged.outcome != "correct"} == {}


def test_what_is_done_below_an_answer_is_no_part_of_it(tmp_path: Path) -> None:
    notebook = notebook_with(4, right_answers(4))
    notebook.cells.append(nbformat.v4.new_code_cell("from sklearn.metrics import *\nsoftmax = None"))
    nbformat.write(notebook, tmp_path / "mine.ipynb")
    assert {judged.outcome for judged in check(tmp_path / "mine.ipynb").verdicts} == {"correct"}


def test_a_name_from_a_cell_that_is_not_run_is_explained(tmp_path: Path) -> None:
    answer = "def decode(logits, id2label):\n    return [names[row.argmax()] for row in logits]"
    nbformat.write(notebook_with(4, right_answers(4) | {"decode": answer}), tmp_path / "mine.ipynb")
    (decode,) = (judged for judged in check(tmp_path / "mine.ipynb").verdicts if judged.outcome != "correct")
    assert decode.name == "decode"
    assert NOT_THERE in decode.text


def told(exercise: Exercise, text: str) -> set[str]:
    """The known mistakes whose next step a verdict's text gives."""
    one_line = " ".join(text.split())
    return {mistake.name for mistake in exercise.mistakes if mistake.next_step[1:] in one_line}


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_known_mistake_is_told_as_in_the_notebook(lesson: int, tmp_path: Path) -> None:
    """In one kernel, one after the other, which is how a learner tries them."""
    written, named = known_mistakes(lesson), 0
    with _Kernel(tmp_path / "mine.ipynb", str(tmp_path)) as kernel:
        assert kernel.finishes(IMPORTS, "imports", 60)
        for exercise in catalogue(lesson).EXERCISES:
            for name, source, _ in written[exercise.name]:
                namespace: dict[str, Any] = {}
                inside.run_cell(1, IMPORTS, namespace)
                inside.run_cell(2, source, namespace)
                here = exercise.judge(namespace[exercise.name])
                assert kernel.finishes(source, name, 60)
                outcome, text = kernel.judge(lesson, exercise.name)
                assert outcome == here.outcome, (exercise.key, name, text)
                assert told(exercise, text) == told(exercise, here.text), (exercise.key, name, text)
                named += name in told(exercise, text)
    assert named > 0.9 * sum(map(len, written.values()))
