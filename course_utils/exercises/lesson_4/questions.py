"""The quiz of lesson 4."""

from course_utils.exercises.quiz import Quiz

quiz = Quiz(4, ())
