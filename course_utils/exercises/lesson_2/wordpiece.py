"""Exercise: wordpiece."""

import numpy as np

from course_utils.exercises.exercise import Case, Exercise
from course_utils.exercises.forms import Words
from course_utils.reference import wordpiece as reference

UNHAPPY = {
    "[UNK]",
    "u",
    "un",
    "##h",
    "##ha",
    "##happi",
    "##happiness",
    "##n",
    "##ness",
    "happi",
    "ness",
    "unhappy",
}


def draw(generator: np.random.Generator) -> tuple[str, set[str]]:
    def letters(least: int, most: int) -> str:
        return "".join(generator.choice(list("abc"), size=int(generator.integers(least, most))))

    vocab = {"[UNK]", "a", "b", "##a", "##b", *(["c", "##c"] if generator.random() < 0.7 else [])}
    vocab |= {letters(2, 5) for _ in range(12)} | {"##" + letters(2, 5) for _ in range(12)}
    return letters(6, 12), vocab


exercise = Exercise(
    lesson=2,
    title="From a word to its pieces",
    points=3,
    reference=reference.wordpiece,
    form=Words("piece"),
    returns='the list of pieces of one word, or `["[UNK]"]`',
    cases=(
        Case(("unhappiness", UNHAPPY), "a word of two pieces"),
        Case(("unhappiness", UNHAPPY - {"##happiness"}), "a word of three pieces"),
        Case(("film", {"[UNK]", "film", "f", "fil", "##m", "##ilm"}), "a word that the vocabulary has"),
        Case(("zorp", {"[UNK]", "film", "##orp", "##zorp", "z0"}), "a word with no beginning in the vocabulary"),
        Case(("filmzs", {"[UNK]", "film", "##s", "fil", "##m"}), "a word with a good beginning and a bad middle"),
        Case(("unable", {"[UNK]", "un", "una", "##able"}), "a word whose longest first piece leads nowhere"),
        Case(("abcd", {"[UNK]", "a", "abc", "##d", "##bcd"}), "a word with a long beginning and a longer end"),
        Case(("filmfilm", {"[UNK]", "film", "##f", "##i", "##l", "##m"}), "a word that begins again in the middle"),
        Case(("ж" * 60, {"[UNK]", "ж", "##ж"}), "sixty Russian letters"),
        Case(("a" * 100, {"[UNK]", "a" * 10, "##" + "a" * 10}), "a word of 100 characters"),
        Case(("a" * 101, {"[UNK]", "a", "##a", "##" + "a" * 10}), "a word of 101 characters"),
    ),
    draw=draw,
    hints=(
        "By hand: which is the longest piece in the vocabulary that *film*s begins with? What is left, and how are "
        "pieces written that don't begin a word?",
        "Two loops: the outer one moves the start, the inner one tries the ends from the far one to the near one.",
        "What is looked up and what is kept is the same text: the letters, with ## before them unless start is 0.",
        "If no end fits, the answer is decided: `['[UNK]']`, whatever was found before.",
    ),
)  # fmt: skip


def greedy(word, vocab, *, ends=lambda start, stop: range(stop, start, -1), marks="##", stuck=None):
    """The reference, with other ends to try, another mark to write, another thing to do where no piece fits."""
    pieces, start = [], 0
    while start < len(word):
        prefix = "##" if start else ""
        for end in ends(start, len(word)):
            if prefix + word[start:end] in vocab:
                pieces.append((marks if start else "") + word[start:end])
                start = end
                break
        else:
            if stuck is None:
                return ["[UNK]"]
            pieces += stuck(word, start)
            start += 1
    return pieces


def limited(word, vocab, **options):
    return ["[UNK]"] if len(word) > 100 else greedy(word, vocab, **options)


@exercise.mistake(
    "the shortest piece that fits is taken",
    "in which order does the inner loop try the ends?",
)
def shortest_first(word, vocab):
    return limited(word, vocab, ends=lambda start, stop: range(start + 1, stop + 1))


@exercise.mistake(
    "the pieces after the first are written without ##",
    "how would anyone know later that *ness* goes on from the piece before?",
)
def mark_not_written(word, vocab):
    return limited(word, vocab, marks="")


@exercise.mistake(
    "pieces inside a word are looked up without ##, as if a new word began there",
    "the vocabulary tells *film* from *##film*: which of the two may stand inside a word?",
)
def looked_up_without_mark(word, vocab):
    if len(word) > 100:
        return ["[UNK]"]
    pieces, start = [], 0
    while start < len(word):
        end = next((end for end in range(len(word), start, -1) if word[start:end] in vocab), None)
        if end is None:
            return ["[UNK]"]
        pieces.append(("##" if start else "") + word[start:end])
        start = end
    return pieces


@exercise.mistake(
    "## plays no part: pieces inside a word are looked up without it, and written without it",
    "the vocabulary has two kinds of pieces: which kind may come after the first?",
)
def marks_forgotten(word, vocab):
    return ["[UNK]"] if len(word) > 100 else marks_and_limit_forgotten(word, vocab)


@exercise.mistake(
    "## plays no part, neither in looking up nor in writing, and very long words are cut up as well",
    "the vocabulary has two kinds of pieces: which kind may come after the first?",
)
def marks_and_limit_forgotten(word, vocab):
    pieces = []
    while word:
        fitting = [end for end in range(len(word), 0, -1) if word[:end] in vocab]
        if not fitting:
            return ["[UNK]"]
        pieces.append(word[: fitting[0]])
        word = word[fitting[0] :]
    return pieces


@exercise.mistake(
    "the first piece has ## as well",
    "## says *this goes on from the piece before*: what is before the first?",
)
def mark_on_the_first(word, vocab):
    pieces = limited(word, vocab)
    return pieces if pieces == ["[UNK]"] else ["##" + pieces[0], *pieces[1:]]


@exercise.mistake(
    "where no piece fits, [UNK] is put behind the pieces found so far",
    "if one part of a word is unknown, what becomes of the whole word?",
)
def pieces_so_far_and_unknown(word, vocab):
    return ["[UNK]"] if len(word) > 100 else pieces_so_far_and_no_limit(word, vocab)


@exercise.mistake(
    "where no piece fits, [UNK] is put behind the pieces found so far, and very long words are cut up as well",
    "if one part of a word is unknown, what becomes of the whole word?",
)
def pieces_so_far_and_no_limit(word, vocab):
    pieces, start = [], 0
    while start < len(word):
        prefix = "##" if start else ""
        end = next((end for end in range(len(word), start, -1) if prefix + word[start:end] in vocab), None)
        if end is None:
            return [*pieces, "[UNK]"]
        pieces.append(prefix + word[start:end])
        start = end
    return pieces


@exercise.mistake(
    "where no piece fits, the pieces found so far are the answer",
    "the model would read only the beginning of the word: what says that something is missing?",
)
def pieces_so_far(word, vocab):
    return [piece for piece in pieces_so_far_and_unknown(word, vocab) if piece != "[UNK]"]


@exercise.mistake(
    "a character that does not fit becomes [UNK] by itself, and the search goes on behind it",
    "[UNK] stands for a whole word here: when is the answer decided?",
)
def unknown_characters(word, vocab):
    return limited(word, vocab, stuck=lambda text, start: ["[UNK]"])


@exercise.mistake(
    "a character that does not fit is left out",
    "the word would turn into another word: what says that it is unknown?",
)
def unknown_left_out(word, vocab):
    return limited(word, vocab, stuck=lambda text, start: [])


@exercise.mistake(
    "a word that can't be cut is handed back as it is",
    "each piece is looked up in the vocabulary next: would this one be found?",
)
def unknown_word_kept(word, vocab):
    pieces = limited(word, vocab)
    return [word] if pieces == ["[UNK]"] else pieces


@exercise.mistake(
    "the search takes back a choice that leads nowhere",
    "that would be a better tokenizer, but it isn't this one: each piece, once taken, stays.",
)
def backtracking(word, vocab):
    def rest(start):
        if start == len(word):
            return []
        prefix = "##" if start else ""
        for end in range(len(word), start, -1):
            if prefix + word[start:end] in vocab and (more := rest(end)) is not None:
                return [prefix + word[start:end], *more]
        return None

    return ["[UNK]"] if len(word) > 100 else rest(0) or ["[UNK]"]


@exercise.mistake(
    "the longest piece is looked for from the end of the word",
    "which piece is decided first, the one at the beginning or the one at the end?",
)
def from_the_end(word, vocab):
    if len(word) > 100:
        return ["[UNK]"]
    pieces, end = [], len(word)
    while end:
        start = next((s for s in range(end) if ("##" if s else "") + word[s:end] in vocab), None)
        if start is None:
            return ["[UNK]"]
        pieces.insert(0, ("##" if start else "") + word[start:end])
        end = start
    return pieces


@exercise.mistake(
    "there is no limit to the length of a word",
    "what is asked of a word of more than 100 characters?",
)
def no_limit(word, vocab):
    return greedy(word, vocab)


@exercise.mistake(
    "a word of exactly 100 characters is turned away",
    "*more than* 100: which comparison says so?",
)
def limit_too_low(word, vocab):
    return ["[UNK]"] if len(word) >= 100 else greedy(word, vocab)


@exercise.mistake(
    "the limit of 100 counts bytes",
    "a Russian letter takes two bytes: what does `len` of a text count?",
)
def limit_in_bytes(word, vocab):
    return ["[UNK]"] if len(word.encode()) > 100 else greedy(word, vocab)


@exercise.mistake(
    "only whole words are looked up",
    "the vocabulary has parts of words, too: what if the whole is not there?",
)
def whole_words_only(word, vocab):
    return [word] if word in vocab and len(word) <= 100 else ["[UNK]"]


@exercise.mistake(
    "[UNK] is given back as text, where a list with it is asked for",
    "what can the caller always go through, piece by piece?",
)
def unknown_not_in_a_list(word, vocab):
    pieces = limited(word, vocab)
    return "[UNK]" if pieces == ["[UNK]"] else pieces
