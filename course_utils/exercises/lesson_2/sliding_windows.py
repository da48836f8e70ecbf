"""Exercise: sliding_windows."""

import numpy as np

from course_utils.exercises.exercise import Case, Exercise
from course_utils.exercises.forms import Ids
from course_utils.exercises.values import EXACT
from course_utils.reference import wordpiece as reference


def draw(generator: np.random.Generator) -> tuple[list[int], int, int]:
    max_length = int(generator.integers(7, 11))
    stride = int(generator.integers(1, max_length - 4))
    length = int(generator.integers(12, 25))
    return generator.integers(1000, 2000, size=length).tolist(), max_length, stride


def numbers(count: int) -> list[int]:
    return list(range(1001, 1001 + count))


exercise = Exercise(
    lesson=2,
    title="Windows over a long text",
    points=3,
    reference=reference.sliding_windows,
    form=Ids(("window", "id")),
    returns="the list of windows, each a list of ids that begins with 101 and ends with 102",
    cases=(
        Case((numbers(10), 8, 2), "ten ids in windows of six"),
        Case((numbers(11), 8, 2), "a last window that is short"),
        Case((numbers(14), 8, 2), "windows that end just with the text"),
        Case((numbers(13), 7, 1), "windows that share one id"),
        Case((numbers(9), 7, 4), "windows that share all but one id"),
        Case((numbers(9), 6, 0), "windows that share nothing"),
        Case((numbers(6), 8, 2), "a text that just fits"),
        Case((numbers(3), 8, 2), "a text that is shorter than a window"),
        Case((numbers(2), 8, 3), "a text that is shorter than the stride"),
    ),
    draw=draw,
    within=EXACT,
    hints=(
        "How many ids of the text fit into a window, once [CLS] and [SEP] have their places?",
        "If neighbouring windows share `stride` ids, how far is it from the beginning of one to the beginning of the next?",
        "Stop with the first window that reaches the end of the text. A further one would hold nothing new.",
        "Write the beginnings down for ten ids, windows of six and two shared: 0, 4. Does the window from 4 reach the end?",
    ),
)  # fmt: skip


def windows(ids, room, step, *, start=(101,), end=(102,), until=None):
    """Windows of `room` ids, `step` apart, up to the first that reaches the end (or to the place `until`)."""
    found, place = [], 0
    while True:
        found.append([*start, *ids[place : place + room], *end])
        done = place + room >= len(ids) if until is None else place + step >= until
        if done:
            return found
        place += step


@exercise.mistake(
    "`stride` is taken for the step from one window to the next",
    "in this library the stride is what neighbours *share*: how long is the step, then?",
)
def stride_as_step(ids, max_length, stride):
    return [[101, *ids[at : at + max_length - 2], 102] for at in range(0, len(ids), stride)]


@exercise.mistake(
    "`stride` is taken for the step, and the windows stop where the text ends",
    "in this library the stride is what neighbours *share*: how long is the step, then?",
)
def stride_as_step_to_the_end(ids, max_length, stride):
    return windows(ids, max_length - 2, stride or max_length - 2)


@exercise.mistake(
    "the windows have no [CLS] and no [SEP]",
    "each window is an input of its own: with what does an input begin and end?",
)
def no_specials(ids, max_length, stride):
    return windows(ids, max_length - 2, max_length - 2 - stride, start=(), end=())


@exercise.mistake(
    "the windows fill `max_length` without special pieces",
    "where do 101 and 102 go, and how many ids does that leave room for?",
)
def full_without_specials(ids, max_length, stride):
    return windows(ids, max_length, max_length - stride, start=(), end=())


@exercise.mistake(
    "the ids are sliced into pieces of `max_length`, one at every step, and no window is an input",
    "what does an input begin and end with? And look at your last window: is anything in it new?",
)
def slices(ids, max_length, stride):
    return windows(ids, max_length, max_length - stride, start=(), end=(), until=len(ids))


@exercise.mistake(
    "the windows are two ids too long",
    "count them with 101 and 102: how many may there be?",
)
def too_long(ids, max_length, stride):
    return windows(ids, max_length, max_length - stride)


@exercise.mistake(
    "the special pieces are counted into the step, so that neighbours share two ids fewer",
    "count only ids of the text: how many are in a window, and how many of them are new?",
)
def step_counts_specials(ids, max_length, stride):
    return windows(ids, max_length - 2, max_length - stride)


@exercise.mistake(
    "the last window is missing where it would be short",
    "print the last id of the text and look for it in your windows.",
)
def last_window_missing(ids, max_length, stride):
    found = windows(ids, max_length - 2, max_length - 2 - stride)
    return [window for window in found if len(window) == max_length] or found[:1]


@exercise.mistake(
    "a text that is shorter than a window gives none, and a short last window is lost as well",
    "what should the model read of a text of three ids?",
)
def short_text_gives_none(ids, max_length, stride):
    found = windows(ids, max_length - 2, max_length - 2 - stride)
    return [window for window in found if len(window) == max_length]


@exercise.mistake(
    "there is a window at the end that lies wholly inside the one before",
    "which window is the first to reach the end of the text? After it nothing is new.",
)
def window_too_many(ids, max_length, stride):
    return windows(ids, max_length - 2, max_length - 2 - stride, until=len(ids))


@exercise.mistake(
    "neighbouring windows share nothing",
    "a sentence may be cut in two where a window ends: what is `stride` for?",
)
def no_overlap(ids, max_length, stride):
    return windows(ids, max_length - 2, max_length - 2)


@exercise.mistake(
    "the last window is moved back until it is full, so that it shares more than `stride` ids",
    "the last window may be shorter: where does it begin?",
)
def last_window_moved_back(ids, max_length, stride):
    found = windows(ids, max_length - 2, max_length - 2 - stride)
    return [*found[:-1], [101, *ids[-(max_length - 2) :], 102]]


@exercise.mistake(
    "short windows are padded",
    "padding belongs to the batch: leave the last window as short as it is.",
)
def padded(ids, max_length, stride):
    found = windows(ids, max_length - 2, max_length - 2 - stride)
    return [window + [0] * (max_length - len(window)) for window in found]


@exercise.mistake(
    "only the first window has a [CLS] and only the last a [SEP]",
    "the model reads each window by itself: what does it expect at both ends?",
)
def specials_once(ids, max_length, stride):
    found = windows(ids, max_length - 2, max_length - 2 - stride, start=(), end=())
    found[0], found[-1] = [101, *found[0]], [*found[-1], 102]
    return found


@exercise.mistake(
    "only the first window is given back",
    "that is truncation: where does the rest of the text go?",
)
def first_only(ids, max_length, stride):
    return [[101, *ids[: max_length - 2], 102]]
