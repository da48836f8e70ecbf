"""Lesson 1, attention: six exercises on torch tensors, one file each, and the quiz.

In a lesson: `from course_utils.exercises import lesson_1 as ex`, then `ex.attention.check(attention)`.
"""

from course_utils.exercises.exercise import Exercise
from course_utils.exercises.lesson_1.attention import exercise as attention
from course_utils.exercises.lesson_1.attention_scores import exercise as attention_scores
from course_utils.exercises.lesson_1.mask_scores import exercise as mask_scores
from course_utils.exercises.lesson_1.merge_heads import exercise as merge_heads
from course_utils.exercises.lesson_1.multi_head_attention import exercise as multi_head_attention
from course_utils.exercises.lesson_1.questions import quiz
from course_utils.exercises.lesson_1.split_heads import exercise as split_heads

EXERCISES: tuple[Exercise, ...] = (
    attention_scores,
    mask_scores,
    attention,
    split_heads,
    merge_heads,
    multi_head_attention,
)

__all__ = ["EXERCISES", "quiz", *(exercise.name for exercise in EXERCISES)]
