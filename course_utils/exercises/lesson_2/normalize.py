"""Exercise: normalize."""

import re
import string
import unicodedata

import numpy as np

from course_utils.exercises.exercise import Case, Exercise
from course_utils.exercises.forms import Words
from course_utils.given import is_ideograph
from course_utils.reference import wordpiece as reference
from course_utils.reference.wordpiece import is_punctuation

FRAGMENTS = (
    "Film", "naïve", "GREAT", "Señor", "don't", "re-read", "5", "$", "+", "...", "!", "“So”", "東京", "映画が",
    "😀", "❤", "cafe\u0301", "\u200b", "\x07", "\ufffd", "snow_man", "Привет", "हिंदी", "Å", "x^2", "\t", "\u00a0", "ﬁn",
)  # fmt: skip


def draw(generator: np.random.Generator) -> tuple[str]:
    chosen = generator.choice(FRAGMENTS, size=int(generator.integers(5, 11)), replace=False).tolist()
    return ("".join(part + " " * bool(generator.random() < 0.7) for part in ["Seen", *chosen]),)


exercise = Exercise(
    lesson=2,
    title="From text to words",
    points=3,
    reference=reference.normalize,
    form=Words("word"),
    returns="the list of words that the uncased tokenizer makes of a text, before it cuts them into pieces",
    cases=(
        Case(("A gripping, funny film.",), "a plain sentence"),
        Case(("Crème brûlée, cafe\u0301 NAÏVE",), "letters with accents, one of them written as two characters"),
        Case(("$5+tax x^2 a=b <3 ~",), "symbols of the keyboard that Unicode does not call punctuation"),
        Case(("東京タワー is 333m",), "Chinese characters and Japanese syllables"),
        Case(("zero\u200bwidth bell\x07 lost\ufffd tab\tline\nend",), "characters that nobody sees, a tab and a line break"),
        Case(("I ❤ this😀film",), "pictures, which are neither letters nor punctuation"),
        Case(("don't re-read… “so” he said!!",), "apostrophe, hyphen and typographic punctuation"),
        Case(("snow_man's",), "an underscore"),
        Case(("ﬁn ½ Straße",), "a ligature, a fraction and a German ß"),
        Case(("हिंदी Привет",), "Hindi and Russian"),
        Case(("  \u00a0 ",), "nothing but spaces"),
    ),
    draw=draw,
    hints=(
        "Do one step after the other and print what is left after each: clean, part the ideographs, take the accents "
        "off, lower the case, part the punctuation, split.",
        "`unicodedata.category(char)` names the class of a character in two letters: Mn is an accent that stands on "
        "another letter, Cc, Cf and Co are what nobody sees, all that begins with P is punctuation.",
        "`unicodedata.normalize('NFD', text)` writes é as e and an accent, two characters. Then the accents can be left out.",
        "To part a character from its neighbours, put a space before it and one after it, and split at the spaces last.",
    ),
)  # fmt: skip


def steps(
    text,
    *,
    form="NFD",
    is_mark=lambda char: unicodedata.category(char) == "Mn",
    lower=str.lower,
    hidden="",
    keeps_hidden=False,
    tab=" ",
    parts_ideographs=True,
    is_punct=is_punctuation,
    punct=" {} ",
):
    """The reference, each step of which can be done another way."""
    cleaned = ""
    for char in text:
        category = unicodedata.category(char)
        if char in "\t\n\r":
            cleaned += tab
        elif category in ("Cc", "Cf", "Co") or char == "\ufffd":
            cleaned += char if keeps_hidden else hidden
        else:
            cleaned += f" {char} " if parts_ideographs and is_ideograph(char) else char
    decomposed = unicodedata.normalize(form, cleaned) if form else cleaned
    lowered = "".join(lower(char) for char in decomposed if not is_mark(char))
    return "".join(punct.format(char) if is_punct(char) else char for char in lowered).split()


@exercise.mistake(
    "capital letters are kept",
    "the model is called *uncased*: in which case are the words of its vocabulary?",
)
def no_lower_casing(text):
    return steps(text, lower=str)


@exercise.mistake(
    "lower case comes from `casefold`, which also writes ß as ss",
    "compare `'ß'.casefold()` with `'ß'.lower()`.",
)
def casefold(text):
    return steps(text, lower=str.casefold)


@exercise.mistake(
    "accents are kept",
    "the vocabulary has *cafe*: which normal form takes é apart, and which class has the accent then?",
)
def accents_kept(text):
    return steps(text, form=None, is_mark=lambda char: False)


@exercise.mistake(
    "letters are taken apart, and the accents are left lying between them",
    "print `list(unicodedata.normalize('NFD', 'é'))`: what is the second character, and where does it go?",
)
def decomposed_only(text):
    return steps(text, is_mark=lambda char: False)


@exercise.mistake(
    "the normal form is NFC, which puts letter and accent together",
    "D is for *decomposed*, C for *composed*: which one leaves an accent that can be dropped?",
)
def composed(text):
    return steps(text, form="NFC")


@exercise.mistake(
    "the normal form is NFKD, which also rewrites ligatures and fractions",
    "the K changes more than accents: try both forms on `'ﬁ'`.",
)
def compatibility_form(text):
    return steps(text, form="NFKD")


@exercise.mistake(
    "letters with accents vanish, and so does everything else that is not ASCII",
    "what should be left of é when its accent goes?",
)
def ascii_only(text):
    return steps(unicodedata.normalize("NFD", text).encode("ascii", "ignore").decode())


@exercise.mistake(
    "NFKD takes the text apart, and whatever is not ASCII then vanishes",
    "print what is left of '東京' in your function: were these accents?",
)
def compatible_ascii_only(text):
    return steps(unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode())


@exercise.mistake(
    "a pattern picks words out of what ASCII leaves of the text",
    "print the text just before your pattern sees it, for '東京': what has gone that is no accent?",
)
def pattern_on_ascii(text):
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.findall(r"[a-z0-9]+|[^\sa-z0-9]", plain)


@exercise.mistake(
    "marks are found by `unicodedata.combining`, which is 0 for some of them",
    "print `unicodedata.combining` and `unicodedata.category` of each character of `'हिंदी'`.",
)
def combining_class(text):
    return steps(text, is_mark=unicodedata.combining)


@exercise.mistake(
    "all marks are dropped, those that take up space included",
    "Mc marks are vowels in many scripts: which one of Mn, Mc and Me is an accent?",
)
def every_mark_dropped(text):
    return steps(text, is_mark=lambda char: unicodedata.category(char).startswith("M"))


@exercise.mistake(
    "words are split at white space only, and punctuation stays on them",
    "the vocabulary has *film* and it has the full stop: how do the two come apart?",
)
def white_space_only(text):
    return steps(text, is_punct=lambda char: False)


@exercise.mistake(
    "punctuation is dropped",
    "an exclamation mark says something to the model: each mark is a word of its own.",
)
def punctuation_dropped(text):
    return steps(text, punct=" ")


@exercise.mistake(
    "only what Unicode calls punctuation is parted, and $ + < = > ^ ` | ~ are not",
    "print `unicodedata.category('$')`; BERT parts all the symbols of the keyboard.",
)
def unicode_punctuation_only(text):
    return steps(text, is_punct=lambda char: unicodedata.category(char).startswith("P"))


@exercise.mistake(
    "only the punctuation of ASCII is parted",
    "the text has “ ” and …, too: which class does Unicode give them?",
)
def ascii_punctuation_only(text):
    return steps(text, is_punct=lambda char: char in string.punctuation)


@exercise.mistake(
    "everything that is no letter and no digit is parted, pictures and vowel signs too",
    "which characters count as punctuation? ❤ has the class So.",
)
def parted_unless_alphanumeric(text):
    return steps(text, is_punct=lambda char: not char.isalnum() and not char.isspace())


@exercise.mistake(
    r"words are what `\w+` finds, and that takes the underscore for a letter",
    "which class has `_`, and what should become of it?",
)
def words_by_regular_expression(text):
    return re.findall(r"\w+|[^\w\s]", " ".join(steps(text, is_punct=lambda char: False)))


@exercise.mistake(
    "a regular expression finds words and what lies between them, and nothing becomes of accents",
    "what does your function give for café, and what for an underscore or a Chinese word?",
)
def one_regular_expression(text):
    return re.findall(r"\w+|[^\w\s]", text.lower())


@exercise.mistake(
    "the text is only put into small letters and parted at white space",
    "print what becomes of a comma and of an accent: which steps have not been taken yet?",
)
def small_letters_and_split_alone(text):
    return text.lower().split()


@exercise.mistake(
    "several marks in a row stay together",
    "each mark is a word of its own, also in `!!`.",
)
def runs_of_punctuation(text):
    spaced = re.sub(r" {2}(?=\S)", "", "".join(f" {c} " if is_punctuation(c) else c for c in " ".join(
        steps(text, is_punct=lambda char: False))))  # fmt: skip
    return spaced.split()


@exercise.mistake(
    "Chinese characters are not parted from each other",
    "Chinese writes no spaces, so each ideograph is a word: `is_ideograph` knows them.",
)
def ideographs_together(text):
    return steps(text, parts_ideographs=False)


@exercise.mistake(
    "characters that nobody sees stay inside the words",
    "print `ascii(word)` for each word: what is there that you can't see?",
)
def hidden_kept(text):
    return steps(text, keeps_hidden=True)


@exercise.mistake(
    "a space takes the place of each character that nobody sees, and so cuts words in two",
    "a zero-width space inside a word should vanish: what is to be put in its place?",
)
def hidden_as_space(text):
    return steps(text, hidden=" ")


@exercise.mistake(
    "tabs and line breaks are dropped with the control characters, and the words around them grow together",
    "three control characters are white space: treat them before you drop the rest.",
)
def tabs_dropped(text):
    return steps(text, tab="")


@exercise.mistake(
    "the words are joined into one text",
    "the next step, WordPiece, takes one word at a time: give a list.",
)
def one_text(text):
    return " ".join(steps(text))
