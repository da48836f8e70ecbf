"""From text to what BERT reads, and back: the uncased tokenizer in plain Python.

Each function gives what the Hugging Face tokenizer of bert-base-uncased gives. It does not do all that one does:
special pieces written into a text, such as "[MASK]", are split like any other text; nothing keeps track of where in
the text a piece came from; and a character is classed as Python's own Unicode tables class it.
"""

import unicodedata
from collections.abc import Collection, Mapping, Sequence

from course_utils.given import is_ideograph

SPECIAL_PIECES = frozenset({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"})

CLS_ID, SEP_ID = 101, 102
"""The ids of [CLS] and [SEP] in the vocabulary of bert-base-uncased."""

LONGEST_WORD = 100
"""Characters. A longer word is [UNK], whatever it is made of."""


def is_punctuation(char: str) -> bool:
    """Unicode's punctuation, and the symbols on a keyboard, $ + < = > ^ ` | ~, which Unicode does not count to it."""
    return char in "$+<=>^`|~" or unicodedata.category(char).startswith("P")


def normalize(text: str) -> list[str]:
    """The words of a text: cleaned, without accents, in lower case, punctuation by itself.

    >>> normalize("Crème brûlée, $5!")
    ['creme', 'brulee', ',', '$', '5', '!']
    """
    cleaned = ""
    for char in text:
        category = unicodedata.category(char)
        if char in "\t\n\r" or category in ("Zs", "Zl", "Zp"):
            cleaned += " "
        elif is_ideograph(char):
            cleaned += f" {char} "
        elif category not in ("Cc", "Cf", "Co") and char != "\ufffd":  # what nobody sees is dropped
            cleaned += char
    decomposed = unicodedata.normalize("NFD", cleaned)
    bare = "".join(char for char in decomposed if unicodedata.category(char) != "Mn")
    lower = "".join(char.lower() for char in bare)  # one by one: str.lower() ends a word in another sigma
    return "".join(f" {char} " if is_punctuation(char) else char for char in lower).split()


def wordpiece(word: str, vocab: Collection[str]) -> list[str]:
    """The pieces of one word: at each place the longest that the vocabulary has, "##" before all but the first.

    It never goes back on a choice. Where no piece fits, and in a word of more than 100 characters, the whole word
    is [UNK]. `vocab` is a set, or a dict with pieces as keys: a list would be searched from end to end each time.

    >>> wordpiece("films", {"film", "##s"})
    ['film', '##s']
    """
    if len(word) > LONGEST_WORD:
        return ["[UNK]"]
    pieces: list[str] = []
    start = 0
    while start < len(word):
        prefix = "##" if start else ""
        for end in range(len(word), start, -1):
            if prefix + word[start:end] in vocab:
                break
        else:
            return ["[UNK]"]
        pieces.append(prefix + word[start:end])
        start = end
    return pieces


def tokenize(text: str, vocab: Collection[str]) -> list[str]:
    """The pieces of a text, without special ones."""
    return [piece for word in normalize(text) for piece in wordpiece(word, vocab)]


def encode(
    pieces_a: Sequence[str], pieces_b: Sequence[str] | None, vocab: Mapping[str, int], max_length: int
) -> dict[str, list[int]]:
    """[CLS] a [SEP], or [CLS] a [SEP] b [SEP], as ids, at most `max_length` of them.

    Too long a pair loses pieces at the end of the longer text, until both are equally long, then of both. If that
    leaves an odd one, the longer text keeps it, and the second where both were equally long.

    Raises:
        ValueError: `max_length` has no room for the special pieces.
    """
    room = max_length - (2 if pieces_b is None else 3)
    if room < 0:
        raise ValueError(f"max_length={max_length} has no room for the special pieces.")
    if pieces_b is None:
        pieces = ["[CLS]", *pieces_a[:room], "[SEP]"]
        types = [0] * len(pieces)
    else:
        keep_a, keep_b = _longest_first(len(pieces_a), len(pieces_b), room)
        first, second = ["[CLS]", *pieces_a[:keep_a], "[SEP]"], [*pieces_b[:keep_b], "[SEP]"]
        pieces = first + second
        types = [0] * len(first) + [1] * len(second)
    return {"input_ids": [vocab.get(piece, vocab["[UNK]"]) for piece in pieces], "token_type_ids": types}


def _longest_first(length_a: int, length_b: int, room: int) -> tuple[int, int]:
    """How many pieces each of two texts keeps."""
    if length_a + length_b <= room:
        return length_a, length_b
    shorter = min(length_a, length_b, room // 2)
    return (room - shorter, shorter) if length_a > length_b else (shorter, room - shorter)


def pad_batch(sequences: Sequence[Sequence[int]], pad_id: int = 0) -> dict[str, list[list[int]]]:
    """All sequences as long as the longest, with `pad_id` at the end, and a mask: 1 for what was there, 0 for padding.

    >>> pad_batch([[101, 102], [101, 2143, 102]])
    {'input_ids': [[101, 102, 0], [101, 2143, 102]], 'attention_mask': [[1, 1, 0], [1, 1, 1]]}
    """
    longest = max(map(len, sequences), default=0)
    return {
        "input_ids": [[*ids, *[pad_id] * (longest - len(ids))] for ids in sequences],
        "attention_mask": [[1] * len(ids) + [0] * (longest - len(ids)) for ids in sequences],
    }


def decode_pieces(pieces: Sequence[str]) -> str:
    """The text of the pieces: special ones are dropped, "##" joins a piece to the one before, spaces part the rest.

    What normalising lost does not come back, and punctuation stays apart.

    >>> decode_pieces(["[CLS]", "two", "film", "##s", ".", "[SEP]"])
    'two films .'
    """
    text = ""
    for piece in pieces:
        if piece in SPECIAL_PIECES:
            continue
        if not text:
            text = piece
        elif piece.startswith("##"):
            text += piece.removeprefix("##")
        else:
            text += " " + piece
    return text


def sliding_windows(ids: Sequence[int], max_length: int, stride: int) -> list[list[int]]:
    """Windows over a long text, each with [CLS] and [SEP] and at most `max_length` long with them.

    `stride` is how many ids neighbouring windows share, not how far they are apart. The last window ends with the
    text and may be shorter.

    Raises:
        ValueError: `stride` leaves no room for a step forward.
    """
    room = max_length - 2
    if not 0 <= stride < room:
        raise ValueError(f"stride must be at least 0 and less than max_length - 2 = {room}, and is {stride}.")
    windows: list[list[int]] = []
    start = 0
    while not windows or start + stride < len(ids):
        windows.append([CLS_ID, *ids[start : start + room], SEP_ID])
        start += room - stride
    return windows
