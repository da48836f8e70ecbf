"""Exercise: linear_schedule."""

import math

import numpy as np

from course_utils.exercises.exercise import Case, Exercise
from course_utils.exercises.forms import Number
from course_utils.reference.fine_tuning import linear_schedule as reference


def draw(generator: np.random.Generator) -> tuple[int, int, int]:
    total = int(generator.integers(30, 2000))
    warmup = int(generator.integers(5, total // 2))
    if generator.random() < 0.4:
        return int(generator.integers(1, warmup)), warmup, total
    return int(generator.integers(warmup + 1, total)), warmup, total


def between_zero_and_one(value: float, step: int, warmup_steps: int, total_steps: int) -> str | None:
    return None if 0 <= value <= 1 else f"The multiplier lies between 0 and 1; yours is {value:.4g}."


exercise = Exercise(
    lesson=3,
    title="Warm up, then slow down",
    points=2,
    reference=reference,
    form=Number(),
    returns="what the learning rate is multiplied by at this step: from 0 up to 1 in the warm-up, then down to 0 at "
    "`total_steps`, and 0 ever after. Steps are counted from 0",
    cases=(
        Case((5, 10, 100), "half of the warm-up"),
        Case((0, 10, 100), "the first step"),
        Case((9, 10, 100), "the last step of the warm-up"),
        Case((10, 10, 100), "the end of the warm-up"),
        Case((55, 10, 100), "halfway down"),
        Case((80, 10, 100), "near the end"),
        Case((99, 10, 100), "the last step"),
        Case((100, 10, 100), "the end"),
        Case((130, 10, 100), "a step after the end"),
        Case((0, 0, 8), "no warm-up, the first step"),
        Case((2, 0, 8), "no warm-up, a later step"),
        Case((6, 8, 8), "a warm-up that lasts to the end"),
        Case((8, 8, 8), "the end of a warm-up that lasts to the end"),
        Case((30, 40, 60), "a long warm-up"),
    ),
    draw=draw,
    laws=(between_zero_and_one,),
    hints=(
        "Draw it: a line from 0 at step 0 up to 1 at `warmup_steps`, then a line down to 0 at `total_steps`.",
        "In the warm-up: which share of the warm-up is behind this step? After it: which share of the rest is still ahead?",
        "The rest is `total_steps - warmup_steps` steps long. What should happen where it has no steps, or the warm-up has none?",
        "After `total_steps` the line would go below 0. `max` keeps it from that.",
    ),
)


def rest(step, warmup_steps, total_steps):
    return max(0.0, (total_steps - step) / max(1, total_steps - warmup_steps))


@exercise.mistake(
    "there is no warm-up",
    "what is your multiplier at step 0, and what is `warmup_steps` for?",
)
def no_warmup(step, warmup_steps, total_steps):
    return max(0.0, (total_steps - step) / max(1, total_steps))


@exercise.mistake(
    "the warm-up is left out, and the multiplier is 1 until it is over",
    "where should the line begin at step 0?",
)
def full_rate_during_warmup(step, warmup_steps, total_steps):
    return 1.0 if step < warmup_steps else rest(step, warmup_steps, total_steps)


@exercise.mistake(
    "the multiplier stays at 1 after the warm-up",
    "what is `total_steps` for?",
)
def no_decay(step, warmup_steps, total_steps):
    return step / warmup_steps if step < warmup_steps else 1.0


@exercise.mistake(
    "the way down is measured from step 0, so the multiplier jumps at the end of the warm-up",
    "what is your multiplier just before and just after the warm-up ends? How many steps is the way down long?",
)
def decay_from_the_first_step(step, warmup_steps, total_steps):
    return step / warmup_steps if step < warmup_steps else max(0.0, (total_steps - step) / total_steps)


@exercise.mistake(
    "the way down is measured from step 0, and goes on below 0 after the last step",
    "how many steps is the way down long? And what should come after the last of them?",
)
def decay_from_the_first_step_without_end(step, warmup_steps, total_steps):
    return step / warmup_steps if step < warmup_steps else (total_steps - step) / total_steps


@exercise.mistake(
    "the way down is as long as the whole training, as if `total_steps` were counted from the end of the warm-up",
    "what is your multiplier at `total_steps`, and what should it be?",
)
def decay_too_slow(step, warmup_steps, total_steps):
    down = max(0.0, 1 - (step - warmup_steps) / total_steps)
    return step / warmup_steps if step < warmup_steps else down


@exercise.mistake(
    "the warm-up is one step ahead",
    "steps are counted from 0: what is your multiplier at step 0?",
)
def warmup_one_ahead(step, warmup_steps, total_steps):
    return (step + 1) / warmup_steps if step < warmup_steps else rest(step, warmup_steps, total_steps)


@exercise.mistake(
    "the warm-up is one step long too many",
    "what is your multiplier at step `warmup_steps`, and what should it be?",
)
def warmup_one_longer(step, warmup_steps, total_steps):
    if step <= warmup_steps:
        return step / (warmup_steps + 1)
    return rest(step, warmup_steps, total_steps)


@exercise.mistake(
    "the way down ends one step early",
    "at which step is your multiplier 0 for the first time?",
)
def decay_one_ahead(step, warmup_steps, total_steps):
    down = max(0.0, (total_steps - 1 - step) / max(1, total_steps - 1 - warmup_steps))
    return step / warmup_steps if step < warmup_steps else down


@exercise.mistake(
    "after the last step the multiplier goes below 0",
    "a negative learning rate would climb the loss: which function keeps a number from going below 0?",
)
def below_zero(step, warmup_steps, total_steps):
    if step < warmup_steps:
        return step / warmup_steps
    return (total_steps - step) / max(1, total_steps - warmup_steps)


@exercise.mistake(
    "the division throws away what comes after the point",
    "which of Python's two divisions do you use?",
)
def whole_number_division(step, warmup_steps, total_steps):
    if step < warmup_steps:
        return step // warmup_steps
    return max(0, (total_steps - step) // max(1, total_steps - warmup_steps))


@exercise.mistake(
    "a warm-up of no steps is divided by",
    "which of your divisions is done although the step is past the warm-up?",
)
def division_by_no_warmup(step, warmup_steps, total_steps):
    return max(0.0, min(step / warmup_steps, rest(step, warmup_steps, total_steps)))


@exercise.mistake(
    "where the warm-up lasts to the end, the way down has no steps, and is divided by",
    "how long is the way down at least, if a division by it has to make sense?",
)
def division_by_no_decay(step, warmup_steps, total_steps):
    if step < warmup_steps:
        return step / warmup_steps
    return max(0.0, (total_steps - step) / (total_steps - warmup_steps))


@exercise.mistake(
    "the way down is a cosine",
    "that is another schedule: what shape does the exercise ask for?",
)
def cosine(step, warmup_steps, total_steps):
    if step < warmup_steps:
        return step / warmup_steps
    return (1 - math.cos(math.pi * min(1.0, rest(step, warmup_steps, total_steps)))) / 2


@exercise.mistake(
    "the way down follows one over the square root, as in the first Transformer",
    "that one never ends: where should this one reach 0?",
)
def one_over_the_root(step, warmup_steps, total_steps):
    return step / warmup_steps if step < warmup_steps else math.sqrt(max(1, warmup_steps) / max(1, step))


@exercise.mistake(
    "`warmup_steps` is taken for a share of the training",
    "it is a number of steps already: with what do you compare the step?",
)
def warmup_as_a_share(step, warmup_steps, total_steps):
    return reference(step, warmup_steps * total_steps, total_steps)


@exercise.mistake(
    "the way down goes up: it gives the share that is done, not the one still ahead",
    "what is your multiplier just after the warm-up, and what at the end?",
)
def share_done(step, warmup_steps, total_steps):
    if step < warmup_steps:
        return step / warmup_steps
    return min(1.0, (step - warmup_steps) / max(1, total_steps - warmup_steps))


@exercise.mistake(
    "the warm-up goes down: it gives the share still ahead, not the one that is done",
    "what is your multiplier at step 0, and what just before the warm-up ends?",
)
def warmup_upside_down(step, warmup_steps, total_steps):
    if step < warmup_steps:
        return 1 - step / warmup_steps
    return rest(step, warmup_steps, total_steps)


@exercise.mistake(
    "the whole training is the warm-up: the multiplier is the share of all steps that are done",
    "where should the line turn?",
)
def warmup_to_the_end(step, warmup_steps, total_steps):
    return min(1.0, step / total_steps)


@exercise.mistake(
    "the two lines are multiplied, so that both count at every step",
    "in the warm-up, should the line know anything of `total_steps`?",
)
def both_lines_multiplied(step, warmup_steps, total_steps):
    up = min(1.0, step / max(1, warmup_steps))
    return up * max(0.0, (total_steps - step) / total_steps)
