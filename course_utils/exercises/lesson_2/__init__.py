"""Lesson 2, tokenizers: six exercises, one file each, and the quiz.

Each file goes from the cases to the hints to the known mistakes. In a lesson:
`from course_utils.exercises import lesson_2 as ex`, then `ex.normalize.check(normalize)`.
"""

from course_utils.exercises.exercise import Exercise
from course_utils.exercises.lesson_2.decode_pieces import exercise as decode_pieces
from course_utils.exercises.lesson_2.encode import exercise as encode
from course_utils.exercises.lesson_2.normalize import exercise as normalize
from course_utils.exercises.lesson_2.pad_batch import exercise as pad_batch
from course_utils.exercises.lesson_2.questions import quiz
from course_utils.exercises.lesson_2.sliding_windows import exercise as sliding_windows
from course_utils.exercises.lesson_2.wordpiece import exercise as wordpiece

EXERCISES: tuple[Exercise, ...] = (normalize, wordpiece, encode, pad_batch, sliding_windows, decode_pieces)

__all__ = ["EXERCISES", "quiz", *(exercise.name for exercise in EXERCISES)]
