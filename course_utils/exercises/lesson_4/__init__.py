"""Lesson 4, from logits to labels: nine exercises, one file each, and the quiz.

Each file goes from the cases to the hints to the known mistakes. In a lesson:
`from course_utils.exercises import lesson_4 as ex`, then `ex.softmax.check(softmax)`.
"""

from course_utils.exercises.exercise import Exercise
from course_utils.exercises.lesson_4.confusion_matrix import exercise as confusion_matrix
from course_utils.exercises.lesson_4.decode import exercise as decode
from course_utils.exercises.lesson_4.decode_multilabel import exercise as decode_multilabel
from course_utils.exercises.lesson_4.decode_or_abstain import exercise as decode_or_abstain
from course_utils.exercises.lesson_4.expected_calibration_error import exercise as expected_calibration_error
from course_utils.exercises.lesson_4.fit_temperature import exercise as fit_temperature
from course_utils.exercises.lesson_4.macro_f1 import exercise as macro_f1
from course_utils.exercises.lesson_4.precision_recall_f1 import exercise as precision_recall_f1
from course_utils.exercises.lesson_4.questions import quiz
from course_utils.exercises.lesson_4.softmax import exercise as softmax

EXERCISES: tuple[Exercise, ...] = (
    softmax,
    decode,
    decode_or_abstain,
    decode_multilabel,
    confusion_matrix,
    precision_recall_f1,
    macro_f1,
    expected_calibration_error,
    fit_temperature,
)

__all__ = ["EXERCISES", "quiz", *(exercise.name for exercise in EXERCISES)]
