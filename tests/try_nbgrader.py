"""The real nbgrader grades lesson 2 as it is: made from the solution, handed in by two learners, graded, exported.

    python -m tests.try_nbgrader

Not a module of pytest, so that it runs where its minutes are wanted.
"""

import tempfile
from pathlib import Path

from course_utils.exercises import catalogue
from tests.grading.classroom import notebook_with, right_answers
from tests.other_graders import Nbgrader

LESSON = 2


def main() -> None:
    points = {exercise.name: exercise.points for exercise in catalogue(LESSON).EXERCISES}
    right = right_answers(LESSON)
    some = {name: answer for name, answer in right.items() if name != "wordpiece"}
    some["pad_batch"] = "def pad_batch(sequences, pad_id=0):\n    return {'input_ids': sequences}"
    whole = sum(points.values())
    deserved = {"ana": whole, "bo": whole - points["wordpiece"] - points["pad_batch"]}
    with tempfile.TemporaryDirectory(prefix="course-nbgrader-") as folder:
        nbgrader = Nbgrader(Path(folder), LESSON)
        for learner, answers in (("ana", right), ("bo", some)):
            nbgrader.hand_in(learner, notebook_with(LESSON, answers))
        nbgrader.autograde()
        got = nbgrader.scores()
    if got != deserved:
        raise SystemExit(f"nbgrader gave {got}, and {deserved} is deserved.")
    print(f"nbgrader gave each learner what they deserve: {got}")


if __name__ == "__main__":
    main()
