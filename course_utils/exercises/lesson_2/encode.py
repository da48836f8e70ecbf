"""Exercise: encode."""

import numpy as np

from course_utils.exercises.exercise import Case, Exercise
from course_utils.exercises.forms import Fields, Ids
from course_utils.exercises.values import EXACT
from course_utils.reference import wordpiece as reference

BERT = {
    "[PAD]": 0, "[UNK]": 100, "[CLS]": 101, "[SEP]": 102, ".": 1012, "a": 1037, "is": 2003, "it": 2009, "good": 2204,
    "story": 2466, "film": 2143, "##s": 2015, "grip": 6218, "##ping": 4691, "dull": 10634, "plot": 5436,
}  # fmt: skip
OTHER = {"[PAD]": 7, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "film": 4, "good": 5, "a": 6}

LONG = ["it", "is", "a", "grip", "##ping", "good", "story", "."]
SHORT = ["dull", "plot"]


def draw(generator: np.random.Generator) -> tuple[list[str], list[str] | None, dict[str, int], int]:
    names = [name for name in BERT if not name.startswith("[")]
    numbers = generator.permutation(np.arange(3, 3 + len(names))) + 1000
    specials = dict(
        zip(("[PAD]", "[UNK]", "[CLS]", "[SEP]"), generator.permutation(90).tolist(), strict=False)
    )
    vocab = specials | {name: int(number) for name, number in zip(names, numbers, strict=True)}

    def some(count: int) -> list[str]:
        return [str(name) for name in generator.choice([*names, "zorp"], size=count)]

    kind = int(generator.integers(4))
    if kind == 0:
        return some(int(generator.integers(6, 12))), None, vocab, int(generator.integers(4, 14))
    if kind == 1:  # one of them fits, whatever happens to the other
        lengths = (int(generator.integers(9, 13)), int(generator.integers(1, 4)))
        one, other = lengths if generator.random() < 0.5 else lengths[::-1]
        return some(one), some(other), vocab, int(generator.integers(11, 14))
    if kind == 2:  # both are cut, and the room is even
        one, other = int(generator.integers(6, 12)), int(generator.integers(6, 12))
        return some(one), some(other), vocab, int(generator.choice([9, 11, 13]))
    return some(3), some(4), vocab, int(generator.integers(10, 14))


exercise = Exercise(
    lesson=2,
    title="From pieces to ids",
    points=3,
    reference=reference.encode,
    form=Fields(("input_ids", "token_type_ids"), Ids()),
    returns="a dict with `input_ids` and `token_type_ids`, two lists of equal length, at most `max_length` long",
    cases=(
        Case((["a", "good", "film"], None, BERT, 12), "one text that fits"),
        Case((SHORT, ["good", "film", "##s"], BERT, 12), "two texts that fit"),
        Case((LONG, None, BERT, 6), "one text that is too long"),
        Case((LONG, SHORT, BERT, 10), "a long text with a short one"),
        Case((SHORT, LONG, BERT, 10), "a short text with a long one"),
        Case((LONG, [*LONG[2:], "film"], BERT, 9), "two texts that both have to be cut"),
        Case((["a", "zorp", "film"], None, BERT, 12), "a piece that the vocabulary does not have"),
        Case((["a", "film"], None, BERT, 4), "a text that just fits"),
        Case((["a", "film"], ["good"], BERT, 6), "two texts that just fit"),
        Case((["a", "good", "film"], ["film"], OTHER, 12), "a vocabulary with other ids"),
        Case((["film"], LONG[:7], BERT, 10), "one piece and a text that is one piece too long for it"),
        Case((LONG[:7], SHORT, BERT, 11), "two texts that are one piece too long"),
    ),
    draw=draw,
    within=EXACT,
    hints=(
        "Write the pieces down by hand first: [CLS], the first text, [SEP], the second text, [SEP]. Under each piece its "
        "type: 0 up to and with the first [SEP], 1 after it.",
        "How many pieces of text are there room for? `max_length` less two special pieces for one text, less three for two.",
        "Longest first: as long as both together are too long, take a piece from the end of whichever is longer.",
        "`vocab.get(piece, …)` has a second argument for a piece that is not there: the id of [UNK].",
    ),
)  # fmt: skip


def longest_first(a, b, room):
    a, b = list(a), list(b)
    while len(a) + len(b) > max(room, 0):
        (a if len(a) > len(b) else b).pop()
    return a, b


def build(
    pieces_a, pieces_b, vocab, max_length, *,
    cut=longest_first, room=None, start=("[CLS]",), between=("[SEP]",), end=("[SEP]",), types=(0, 0, 1, 1), look=None,
):  # fmt: skip
    """The reference, each step of which can be done another way. `types`: of text 1, its [SEP], text 2, its [SEP]."""
    if room is None:
        room = max_length - (2 if pieces_b is None else 3)
    if pieces_b is None:
        a, b = cut(list(pieces_a), [], room)
        groups = [(start, types[0]), (a, types[0]), (end, types[1])]
    else:
        a, b = cut(list(pieces_a), list(pieces_b), room)
        groups = [(start, types[0]), (a, types[0]), (between, types[1]), (b, types[2]), (end, types[3])]
    look = look or (lambda piece: vocab.get(piece, vocab["[UNK]"]))
    pairs = [(look(piece), kind) for pieces, kind in groups for piece in pieces]
    pairs = [(number, kind) for number, kind in pairs if number is not None]
    return {"input_ids": [number for number, _ in pairs], "token_type_ids": [kind for _, kind in pairs]}


@exercise.mistake(
    "there are no special pieces",
    "with what does every input begin, and with what does it end?",
)
def no_specials(pieces_a, pieces_b, vocab, max_length):
    return build(pieces_a, pieces_b, vocab, max_length, start=(), between=(), end=(), room=max_length)


@exercise.mistake(
    "there is no [SEP] between the two texts",
    "how would the model see where the first ends?",
)
def no_separator_between(pieces_a, pieces_b, vocab, max_length):
    return build(pieces_a, pieces_b, vocab, max_length, between=())


@exercise.mistake(
    "the last [SEP] is missing",
    "each text ends with one, the last as well.",
)
def no_separator_at_the_end(pieces_a, pieces_b, vocab, max_length):
    return build(pieces_a, pieces_b, vocab, max_length, end=())


@exercise.mistake(
    "the second text begins with a [CLS] of its own",
    "[CLS] stands for the whole input: how many of them are there?",
)
def second_cls(pieces_a, pieces_b, vocab, max_length):
    return build(pieces_a, pieces_b, vocab, max_length, between=("[SEP]", "[CLS]"))


@exercise.mistake(
    "all types are 0",
    "what tells the second text from the first?",
)
def types_all_zero(pieces_a, pieces_b, vocab, max_length):
    return build(pieces_a, pieces_b, vocab, max_length, types=(0, 0, 0, 0))


@exercise.mistake(
    "the [SEP] after the first text has the type of the second",
    "that [SEP] closes the first text: to which of the two does it belong?",
)
def first_separator_typed_one(pieces_a, pieces_b, vocab, max_length):
    kinds = (0, 0, 0, 0) if pieces_b is None else (0, 1, 1, 1)
    return build(pieces_a, pieces_b, vocab, max_length, types=kinds)


@exercise.mistake(
    "the [SEP] at the end of a pair has type 0",
    "it closes the second text: which type has that?",
)
def last_separator_typed_zero(pieces_a, pieces_b, vocab, max_length):
    return build(pieces_a, pieces_b, vocab, max_length, types=(0, 0, 1, 0))


@exercise.mistake(
    "the types are 1 and 2",
    "the model has two vectors for them, numbered as Python numbers things: from which number?",
)
def types_from_one(pieces_a, pieces_b, vocab, max_length):
    return build(pieces_a, pieces_b, vocab, max_length, types=(1, 1, 2, 2))


@exercise.mistake(
    "the text is cut to `max_length` and then the special pieces are added",
    "count what you give back for a long text: how many ids is it?",
)
def specials_not_counted(pieces_a, pieces_b, vocab, max_length):
    return build(pieces_a, pieces_b, vocab, max_length, room=max_length)


@exercise.mistake(
    "the finished input is cut at `max_length`, and its [SEP] goes with the rest",
    "the last piece is always [SEP]: what has to be cut, then, and when?",
)
def cut_after_the_specials(pieces_a, pieces_b, vocab, max_length):
    whole = build(pieces_a, pieces_b, vocab, max_length, room=10**6)
    return {name: numbers[:max_length] for name, numbers in whole.items()}


@exercise.mistake(
    "nothing is cut",
    "the model has 512 positions and no more: what does `max_length` ask for?",
)
def not_cut(pieces_a, pieces_b, vocab, max_length):
    return build(pieces_a, pieces_b, vocab, max_length, room=10**6)


@exercise.mistake(
    "short inputs are filled up to `max_length` with [PAD]",
    "padding belongs to the batch, which comes next: how many ids does this input have by itself?",
)
def padded(pieces_a, pieces_b, vocab, max_length):
    return filled_up(reference.encode(pieces_a, pieces_b, vocab, max_length), max_length, vocab["[PAD]"])


@exercise.mistake(
    "short inputs are filled up to `max_length` with zeros",
    "leave that to the batch, which comes next; and look up which number [PAD] has in each of these vocabularies.",
)
def padded_with_zeros(pieces_a, pieces_b, vocab, max_length):
    return filled_up(reference.encode(pieces_a, pieces_b, vocab, max_length), max_length, 0)


@exercise.mistake(
    "every input is made `max_length` long: what is short is filled up with [PAD], and what is long loses its end, [SEP] included",
    "two things to look at: what a short input looks like by itself, and what the last piece of a long one is.",
)
def padded_and_cut_at_the_end(pieces_a, pieces_b, vocab, max_length):
    return filled_up(
        cut_after_the_specials(pieces_a, pieces_b, vocab, max_length), max_length, vocab["[PAD]"]
    )


@exercise.mistake(
    "every input is made `max_length` long: zeros after what is short, and what is long loses its end, [SEP] included",
    "write down what a short input should be by itself, then find the last piece of a long one.",
)
def zeros_and_cut_at_the_end(pieces_a, pieces_b, vocab, max_length):
    return filled_up(cut_after_the_specials(pieces_a, pieces_b, vocab, max_length), max_length, 0)


def filled_up(encoded, max_length, pad_id):
    missing = max_length - len(encoded["input_ids"])
    return {
        "input_ids": encoded["input_ids"] + [pad_id] * missing,
        "token_type_ids": encoded["token_type_ids"] + [0] * missing,
    }


@exercise.mistake(
    "only the first text is cut",
    "what if the second is the long one? Compare the lengths each time before you take a piece.",
)
def only_the_first_cut(pieces_a, pieces_b, vocab, max_length):
    return build(
        pieces_a, pieces_b, vocab, max_length, cut=lambda a, b, room: (a[: max(room - len(b), 0)], b)
    )


@exercise.mistake(
    "only the second text is cut",
    "what if the first is the long one? Compare the lengths each time before you take a piece.",
)
def only_the_second_cut(pieces_a, pieces_b, vocab, max_length):
    def cut(a, b, room):
        return (a[:room], b) if pieces_b is None else (a, b[: max(room - len(a), 0)])

    return build(pieces_a, pieces_b, vocab, max_length, cut=cut)


@exercise.mistake(
    "each text gets half of the room, needed or not",
    "a text of two pieces needs no more than two: who gets the rest?",
)
def half_the_room_each(pieces_a, pieces_b, vocab, max_length):
    def cut(a, b, room):
        if pieces_b is None or len(a) + len(b) <= room:
            return a[:room], b
        return a[: room - room // 2], b[: room // 2]

    return build(pieces_a, pieces_b, vocab, max_length, cut=cut)


@exercise.mistake(
    "the beginning of a long text is cut away, not its end",
    "which end does this tokenizer cut? Look at `tokenizer.truncation_side`.",
)
def cut_from_the_left(pieces_a, pieces_b, vocab, max_length):
    def cut(a, b, room):
        kept_a, kept_b = longest_first(a, b, room)
        return a[len(a) - len(kept_a) :], b[len(b) - len(kept_b) :]

    return build(pieces_a, pieces_b, vocab, max_length, cut=cut)


@exercise.mistake(
    "room is left for two special pieces, where a pair has three",
    "write a pair down with all its special pieces, and count them.",
)
def two_specials_in_a_pair(pieces_a, pieces_b, vocab, max_length):
    return build(pieces_a, pieces_b, vocab, max_length, room=max_length - 2)


@exercise.mistake(
    "a piece that is not in the vocabulary stops everything with a KeyError",
    "which piece stands for all that is unknown?",
)
def key_error(pieces_a, pieces_b, vocab, max_length):
    return build(pieces_a, pieces_b, vocab, max_length, look=lambda piece: vocab[piece])


@exercise.mistake(
    "a piece that is not in the vocabulary is left out",
    "the model should see that something was there: which piece says so?",
)
def unknown_left_out(pieces_a, pieces_b, vocab, max_length):
    return build(pieces_a, pieces_b, vocab, max_length, look=vocab.get)


@exercise.mistake(
    "the ids 100, 101 and 102 are written into the function",
    "another vocabulary has other numbers: ask this one for `[CLS]` and the rest.",
)
def ids_by_hand(pieces_a, pieces_b, vocab, max_length):
    known = {**vocab, "[CLS]": 101, "[SEP]": 102}
    return build(pieces_a, pieces_b, vocab, max_length, look=lambda piece: known.get(piece, 100))


@exercise.mistake(
    "these are still pieces",
    "one step is left: which number has each piece in the vocabulary?",
)
def pieces_not_ids(pieces_a, pieces_b, vocab, max_length):
    return build(pieces_a, pieces_b, vocab, max_length, look=lambda piece: piece)
