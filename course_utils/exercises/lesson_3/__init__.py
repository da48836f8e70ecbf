"""Lesson 3, fine-tuning: six exercises, one file each, and the quiz.

Each file goes from the cases to the hints to the known mistakes. In a lesson:
`from course_utils.exercises import lesson_3 as ex`, then `ex.cross_entropy.check(cross_entropy)`.
"""

from course_utils.exercises.exercise import Exercise
from course_utils.exercises.lesson_3.classification_head import exercise as classification_head
from course_utils.exercises.lesson_3.compute_metrics import exercise as compute_metrics
from course_utils.exercises.lesson_3.cross_entropy import exercise as cross_entropy
from course_utils.exercises.lesson_3.decay_groups import exercise as decay_groups
from course_utils.exercises.lesson_3.linear_schedule import exercise as linear_schedule
from course_utils.exercises.lesson_3.questions import quiz
from course_utils.exercises.lesson_3.stratified_split import exercise as stratified_split

EXERCISES: tuple[Exercise, ...] = (
    classification_head,
    cross_entropy,
    linear_schedule,
    decay_groups,
    stratified_split,
    compute_metrics,
)

__all__ = ["EXERCISES", "quiz", *(exercise.name for exercise in EXERCISES)]
