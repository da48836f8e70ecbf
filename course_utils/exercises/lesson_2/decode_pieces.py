"""Exercise: decode_pieces."""

import re

import numpy as np

from course_utils.exercises.exercise import Case, Exercise
from course_utils.exercises.forms import Text
from course_utils.reference import wordpiece as reference
from course_utils.reference.wordpiece import SPECIAL_PIECES


def draw(generator: np.random.Generator) -> tuple[list[str]]:
    words = ["film", "grip", "un", "a", "[", "]", "#", "c##", "good", "!", "'"]
    first = str(generator.choice(words[:4]))
    more = [*words, "##s", "##ping", "##ing", "##ly", "###", "[UNK]", "[MASK]"]
    body = generator.choice(more, size=int(generator.integers(5, 10))).tolist()
    return (["[CLS]", first, *body, "film", "##s", "[SEP]", *["[PAD]"] * int(generator.integers(0, 3))],)


exercise = Exercise(
    lesson=2,
    title="From pieces back to text",
    points=1,
    reference=reference.decode_pieces,
    form=Text(),
    returns="one text: special pieces dropped, ## joined to the piece before, single spaces between the rest",
    cases=(
        Case((["[CLS]", "a", "grip", "##ping", "film", "[SEP]"],), "one sentence"),
        Case((["[CLS]", "un", "##happi", "##ness", "[SEP]", "[PAD]", "[PAD]"],), "a padded sentence"),
        Case((["[CLS]", "a", "[MASK]", "film", "by", "[UNK]", "[SEP]"],), "[MASK] and [UNK] inside"),
        Case((["don", "'", "t", "go", "!"],), "punctuation"),
        Case((["[CLS]", "what", "?", "[SEP]", "no", "##thing", ".", "[SEP]"],), "two texts"),
        Case((["c##", "is", "a", "lang", "##uage"],), "a piece that ends with ##"),
        Case((["we", "'", "re", "#", "1", "and", "#", "###"],), "the sign # by itself"),
        Case((["see", "[", "1", "]"],), "brackets that belong to the text"),
        Case((["film"],), "one piece"),
        Case((["[CLS]", "[SEP]"],), "nothing but special pieces"),
    ),
    draw=draw,
    hints=(
        "First leave out the special pieces; there are five: [PAD], [UNK], [CLS], [SEP] and [MASK].",
        "Then go from piece to piece: does it begin with ##? If so, the rest of it goes on without a space.",
        "`piece[2:]` is a piece without its first two characters; `str.startswith` tells whether they are ##.",
    ),
)  # fmt: skip


def kept(pieces, specials=SPECIAL_PIECES):
    return [piece for piece in pieces if piece not in specials]


def joined(pieces):
    return "".join(piece[2:] if piece.startswith("##") else " " + piece for piece in pieces).removeprefix(" ")


@exercise.mistake(
    "pieces with ## are not joined to the piece before",
    "what does ## say about the piece it stands on?",
)
def not_joined(pieces):
    return " ".join(kept(pieces))


@exercise.mistake(
    "## is taken away but the space before it stays",
    "join first with spaces and look at the text: what has to go together with ##?",
)
def space_stays(pieces):
    return " ".join(kept(pieces)).replace("##", "")


@exercise.mistake(
    "## is taken away wherever it is, also at the end of a piece",
    "only at the beginning does ## mean *joined*: how do you look at the beginning alone?",
)
def removed_everywhere(pieces):
    return joined(kept(pieces)).replace("##", "")


@exercise.mistake(
    "`lstrip` takes every # from the beginning, not just two",
    "`'###'.lstrip('##')` is empty: which method takes away a prefix once?",
)
def every_sign_stripped(pieces):
    parts = ["" if p.startswith("##") else " " for p in kept(pieces)]
    stripped = [p.lstrip("#") for p in kept(pieces)]
    return "".join(a + b for a, b in zip(parts, stripped, strict=True)).removeprefix(" ")


@exercise.mistake(
    "there are no spaces between the words",
    "which pieces begin a new word?",
)
def no_spaces(pieces):
    return "".join(piece.removeprefix("##") for piece in kept(pieces))


@exercise.mistake(
    "special pieces are still in the text",
    "which five pieces did nobody write?",
)
def specials_kept(pieces):
    return joined(pieces)


@exercise.mistake(
    "all pieces are joined with spaces and the ## rubbed out afterwards, with the special pieces still in the text",
    "where does a piece with ## stand in the word it comes from, and which pieces did nobody write?",
)
def hashes_rubbed_out_of_everything(pieces):
    return " ".join(pieces).replace("##", "")


@exercise.mistake(
    "[UNK] is still in the text",
    "it is one of the five special pieces: is it in your list?",
)
def unknown_kept(pieces):
    return joined(kept(pieces, SPECIAL_PIECES - {"[UNK]"}))


@exercise.mistake(
    "[MASK] is still in the text",
    "it is one of the five special pieces: is it in your list?",
)
def mask_kept(pieces):
    return joined(kept(pieces, SPECIAL_PIECES - {"[MASK]"}))


@exercise.mistake(
    "[UNK] and [MASK] are still in the text",
    "there are five special pieces; you have left out three.",
)
def unknown_and_mask_kept(pieces):
    return joined(kept(pieces, {"[CLS]", "[SEP]", "[PAD]"}))


@exercise.mistake(
    "the first and the last piece are dropped, whatever they are",
    "where else can special pieces be, and is there always one at each end?",
)
def first_and_last_dropped(pieces):
    return joined(pieces[1:-1])


@exercise.mistake(
    "everything that begins with a bracket is dropped",
    "a text may have brackets of its own: which five pieces are special?",
)
def brackets_dropped(pieces):
    return joined([piece for piece in pieces if not piece.startswith("[")])


@exercise.mistake(
    "punctuation is pulled to the word before it",
    "that reads better, but nobody can tell whether it was so: leave the space.",
)
def punctuation_attached(pieces):
    return re.sub(r" ([.,!?'])", r"\1", joined(kept(pieces)))


@exercise.mistake(
    "the text begins with a space",
    "before which piece is there nothing to be parted from?",
)
def leading_space(pieces):
    return "".join(piece[2:] if piece.startswith("##") else " " + piece for piece in kept(pieces))


@exercise.mistake(
    "the text ends with a space",
    "after which piece is there nothing to be parted from?",
)
def trailing_space(pieces):
    text = joined(kept(pieces))
    return text + " " if text else ""


@exercise.mistake(
    "this is a list of words",
    "one step is left: how does a list of words become one text?",
)
def list_of_words(pieces):
    return joined(kept(pieces)).split(" ")
