"""Exercise: pad_batch."""

import numpy as np

from course_utils.exercises.exercise import Case, Exercise
from course_utils.exercises.forms import Fields, Ids
from course_utils.exercises.values import EXACT
from course_utils.reference import wordpiece as reference


def draw(generator: np.random.Generator) -> tuple[list[list[int]], int]:
    pad_id = int(generator.choice([0, 1, 3]))
    lengths = generator.permutation([2, 4, int(generator.integers(5, 7)), int(generator.integers(3, 7))])
    sequences = [generator.integers(0, 6, size=int(length)).tolist() for length in lengths]
    sequences[0][0] = pad_id
    return sequences, pad_id


exercise = Exercise(
    lesson=2,
    title="A batch is a rectangle",
    points=2,
    reference=reference.pad_batch,
    form=Fields(("input_ids", "attention_mask"), Ids(("row", "id"))),
    returns="a dict with `input_ids` and `attention_mask`, each a list with one list for each sequence",
    cases=(
        Case(([[101, 2143, 102], [101, 1037, 2204, 2143, 102]], 0), "a short sequence and a long one"),
        Case(([[101, 7, 8, 102], [101, 102], [101, 9, 10, 11, 12, 102], [101, 7, 102]], 0), "four sequences"),
        Case(([[5, 1, 6], [1, 7], [8, 9, 9, 1]], 1), "a pad_id of 1 that also occurs in the texts"),
        Case(([[5, 6, 0], [0, 7, 8, 9]], 0), "a text that ends with the id 0"),
        Case(([[101, 7, 102], [101, 8, 102]], 0), "sequences of equal length"),
        Case(([[101, 7, 102]], 0), "one sequence"),
        Case(([[7, 8, 9], [7]],), "a batch without a word on pad_id"),
        Case(([[4, 4], [4, 5, 6, 7, 8]], 9), "a pad_id of 9"),
    ),
    draw=draw,
    within=EXACT,
    hints=(
        "How long is the longest sequence of the batch, and how many ids is each of the others short of it?",
        "`[pad_id] * missing` is a list of as many pad ids as are missing; + puts two lists together and leaves both as "
        "they were.",
        "The mask needs no look at the ids: it is as many ones as the sequence is long, then as many zeros as are missing.",
    ),
)  # fmt: skip


def padded(sequences, pad_id, *, length=None, left=False, real=1, padding=0):
    """The reference, with another length, on the other side, or with another mask."""
    length = max(map(len, sequences)) if length is None else length
    ids, mask = [], []
    for row in sequences:
        row = list(row)[:length]
        missing = length - len(row)
        pads, zeros = [pad_id] * missing, [padding] * missing
        ids.append(pads + row if left else row + pads)
        mask.append(zeros + [real] * len(row) if left else [real] * len(row) + zeros)
    return {"input_ids": ids, "attention_mask": mask}


@exercise.mistake(
    "every batch is padded to 512",
    "the model has *room* for 512. How long does this batch have to be?",
)
def fixed_length(sequences, pad_id=0):
    return padded(sequences, pad_id, length=512)


@exercise.mistake(
    "the padding is on the left",
    "BERT's positions count from the left, and [CLS] is expected at the first: on which side may padding be?",
)
def padded_on_the_left(sequences, pad_id=0):
    return padded(sequences, pad_id, left=True)


@exercise.mistake(
    "the mask has 1 for padding and 0 for text",
    "1 means *attend to this*. (Some libraries have it the other way; this model hasn't.)",
)
def mask_inverted(sequences, pad_id=0):
    return padded(sequences, pad_id, real=0, padding=1)


@exercise.mistake(
    "the mask is found by looking for `pad_id` among the ids, and a text may hold that id, too",
    "what do you know about each sequence before it is padded?",
)
def mask_from_the_ids(sequences, pad_id=0):
    rows = padded(sequences, pad_id)["input_ids"]
    return {"input_ids": rows, "attention_mask": [[int(number != pad_id) for number in row] for row in rows]}


@exercise.mistake(
    "the mask is made from the ids that are not 0, whatever `pad_id` is",
    "does this batch pad with 0? And can't a text hold a 0?",
)
def mask_where_not_zero(sequences, pad_id=0):
    rows = padded(sequences, pad_id)["input_ids"]
    return {"input_ids": rows, "attention_mask": [[int(number != 0) for number in row] for row in rows]}


@exercise.mistake(
    "the mask is 1 everywhere",
    "then the model reads the padding as text: which places should it leave out?",
)
def mask_all_ones(sequences, pad_id=0):
    return padded(sequences, pad_id, padding=1)


@exercise.mistake(
    "the mask is filled up with `pad_id`",
    "the mask holds 0 and 1, not ids: what says *padding* in a mask?",
)
def mask_padded_with_the_id(sequences, pad_id=0):
    return padded(sequences, pad_id, padding=pad_id)


@exercise.mistake(
    "the rows of the mask are only as long as the texts were",
    "the model lays the mask over the padded ids: which shape must it have?",
)
def mask_not_padded(sequences, pad_id=0):
    ids = padded(sequences, pad_id)["input_ids"]
    return {"input_ids": ids, "attention_mask": [[1] * len(row) for row in sequences]}


@exercise.mistake(
    "long sequences are cut to the shortest",
    "padding loses nothing: which length do all rows get?",
)
def cut_to_the_shortest(sequences, pad_id=0):
    return padded(sequences, pad_id, length=min(map(len, sequences)))


@exercise.mistake(
    "the first sequence sets the length",
    "what if a later one is longer, or the first is not the longest?",
)
def length_of_the_first(sequences, pad_id=0):
    return padded(sequences, pad_id, length=len(sequences[0]))


@exercise.mistake(
    "`pad_id` is not used, the padding is always 0",
    "0 is only what it is when nobody says otherwise.",
)
def always_zero(sequences, pad_id=0):
    return padded(sequences, 0)


@exercise.mistake(
    "even the longest row gets a pad id",
    "by how much is the longest sequence too short?",
)
def one_too_many(sequences, pad_id=0):
    return padded(sequences, pad_id, length=max(map(len, sequences)) + 1)


@exercise.mistake(
    "the length is rounded up to a multiple of eight",
    "that can be quicker on some hardware, but here the longest sequence sets the length.",
)
def multiple_of_eight(sequences, pad_id=0):
    return padded(sequences, pad_id, length=-(-max(map(len, sequences)) // 8) * 8)


@exercise.mistake(
    "there is no attention mask",
    "without it the model can't tell padding from text: give both, under their names.",
)
def no_mask(sequences, pad_id=0):
    return {"input_ids": padded(sequences, pad_id)["input_ids"]}
