# %% [markdown]
# # 2 · Tokenizers
#
# {{COLAB_BADGE}}
#
# About 75 minutes.
#
# A model computes with numbers. People write text. The tokenizer stands between the two, and what it loses the model never sees. In this lesson you rebuild BERT's tokenizer, step by step, until it agrees with the real one on real reviews.
#
# **When you are done, you can**
#
# - say what a model sees of a text, and what it doesn't;
# - cut text into words and words into pieces, as BERT does;
# - put special pieces, types and masks where they belong;
# - pad and truncate without losing more than you must, or paying for more than you need;
# - read a text that is longer than the model;
# - find the place in the text that a piece came from.
#
# There are six exercises. Each has a check that tells you *what* went wrong, and hints that go up a ladder. No cell needs an exercise solved before it, so skip what you like.

# %%
# {{SETUP}}

# %%
import unicodedata

import numpy as np
import torch

from course_utils import plots_tokens
from course_utils.assets import checkpoints, reviews
from course_utils.exercises import lesson_2 as ex
from course_utils.given import is_ideograph
from course_utils.widgets import TokenizerExplorer

# %% [markdown]
# The lesson's own cells use these ready-made versions of what you will write. You can read any of them with `??`, but try the exercise first. `is_ideograph`, imported above, is for you to use: it knows which characters are Chinese.

# %%
from course_utils.reference.wordpiece import decode_pieces as reference_decode
from course_utils.reference.wordpiece import encode as reference_encode
from course_utils.reference.wordpiece import normalize as reference_normalize
from course_utils.reference.wordpiece import pad_batch as reference_pad
from course_utils.reference.wordpiece import sliding_windows as reference_windows
from course_utils.reference.wordpiece import tokenize as reference_tokenize
from course_utils.reference.wordpiece import wordpiece as reference_wordpiece

# %% [markdown]
# ## 1 · What a model sees
#
# Here is the tokenizer of `bert-base-uncased`, and one sentence.
#
# **Predict first.** The sentence has four words and two marks. How many numbers will the model get?

# %% tags=["nbval-check-output"]
tokenizer = checkpoints.tokenizer()
text = "A gripping, unfilmable film."
encoded = tokenizer(text)
print(encoded["input_ids"])
print(tokenizer.convert_ids_to_tokens(encoded["input_ids"]))

# %% [markdown]
# Ten. The capital A is gone. The comma stands alone. *Unfilmable* has become three **pieces**. And two pieces were added that nobody wrote, `[CLS]` and `[SEP]`.
#
# Here it is to type in. Point at a piece, or go through the pieces with the arrow keys, to see where in the text each came from.
#
# **Predict first.** Do two spaces between words change the numbers? Does a missing one, as in *grippingfilm*? Then write a word that you believe the vocabulary lacks.

# %% tags=["demo"]
TokenizerExplorer(text)

# %% tags=["nbval-check-output"]
for other in ("A gripping film", "A  gripping   film", "A grippingfilm"):
    print(f"{other:20}", tokenizer.tokenize(other))

# %% [markdown]
# Spaces are not counted, they only part words. Without one, the two words are one word to the tokenizer, which takes it to pieces.
#
# The numbers are all that the model gets. Each is the number of a row in a large table of vectors, the **embeddings**:

# %% tags=["nbval-check-output"]
table = checkpoints.encoder().get_input_embeddings().weight
print("pieces in the vocabulary:", len(tokenizer))
print("rows in the table:       ", table.shape[0], "each", table.shape[1], "numbers wide")

# %% [markdown]
# One row for each piece of the **vocabulary**, and no row for anything else. What is not in the vocabulary can't be seen.
#
# ## 2 · Words, characters, pieces
#
# How should one cut a text? Two plain ideas come first: words, or characters.
#
# **Predict first.** Take all words of 6,828 reviews as a vocabulary. How many of the words in 700 *other* reviews will be missing from it: 1 %, 5 %, 20 %?

# %% tags=["nbval-check-output"]
data = reviews.load()
words_of = {
    name: [reference_normalize(text) for text in data[name]["text"]] for name in ("train", "validation")
}
known_words = {word for words in words_of["train"] for word in words}
new = [word for words in words_of["validation"] for word in words]
missing = [word for word in new if word not in known_words]
print("words in the vocabulary:", len(known_words))
print(f"missing in other reviews: {len(missing) / len(new):.2f} of all words")
print(missing[:8])

# %% [markdown]
# Four in a hundred: names, and plain words that happened not to come up. A model of words would be blind to them. Now characters:

# %% tags=["nbval-check-output"]
characters = {char for words in words_of["train"] for word in words for char in word}
as_pieces = [reference_tokenize(text, tokenizer.get_vocab()) for text in data["validation"]["text"]]
print("characters in the vocabulary:", len(characters))
print(
    "characters in a review:", round(np.mean([sum(map(len, words)) for words in words_of["validation"]]), 1)
)
print("words in a review:     ", round(np.mean([len(words) for words in words_of["validation"]]), 1))
print("pieces in a review:    ", round(np.mean([len(pieces) for pieces in as_pieces]), 1))

# %% [markdown]
# A short list of characters does for everything, but texts become four times as long as in words, and attention costs the square of that.
#
# **Pieces** lie between. Frequent words stay whole, rare ones are put together from parts. A review is only a little longer than in words.
#
# The way from text to pieces has two steps: **normalize**, then **WordPiece**.
#
# ## 3 · Normalize
#
# *Uncased* means more than lower case. **Predict first.** What will become of each of these?

# %% tags=["nbval-check-output"]
backend = tokenizer.backend_tokenizer


def words_by_the_library(text):
    clean = backend.normalizer.normalize_str(text)
    return [word for word, _ in backend.pre_tokenizer.pre_tokenize_str(clean)]


for odd in (
    "Crème BRÛLÉE",
    "don't re-read",
    "$5+tax",
    "東京タワー",
    "good😀",
    "zero\u200bwidth",
    "tab\there",
):
    print(f"{odd!a:32}", words_by_the_library(odd))

# %% [markdown]
# Six things happen, in this order:
#
# 1. Tabs, line breaks and all other spaces become a plain space. What nobody sees is dropped: control characters, zero-width spaces, the mark � of a failed decoding.
# 2. Chinese characters are parted from each other: Chinese writes no spaces. Japanese syllables are left together.
# 3. Letters are taken apart, é into e and an accent, and the accents are dropped.
# 4. The rest becomes lower case.
# 5. Each punctuation mark becomes a word of its own. Symbols of the keyboard such as `$` and `+` count as punctuation, pictures don't.
# 6. The text is split at the spaces.
#
# How does a program know an accent? Unicode gives each character a **category** of two letters:

# %% tags=["nbval-check-output"]
for char in unicodedata.normalize("NFD", "é!$❤東\u200b\x07"):
    print(unicodedata.category(char), unicodedata.name(char, "no name"))

# %% [markdown]
# `NFD` is the normal form that takes letters apart: é is two characters here, and the second has category `Mn`, a mark that takes no space. `Zs`, `Zl` and `Zp` are spaces; `Cc`, `Cf` and `Co` are what nobody sees; all that begins with `P` is punctuation. `$` is an `Sc`, so the eight keyboard symbols ``$ + < = > ^ ` |`` and `~` have to be named.
#
# ### Exercise · normalize (3 points)
#
# Write `normalize(text)`: the list of words, by the six steps above. `is_ideograph(char)` tells whether a character is Chinese. Check it as often as you like. `ex.normalize.hint()` gives a nudge, and a bigger one each time.


# %%
def normalize(text):
    """The words of a text, as the uncased tokenizer makes them."""
    ### BEGIN SOLUTION
    cleaned = ""
    for char in text:
        category = unicodedata.category(char)
        if char in "\t\n\r" or category in ("Zs", "Zl", "Zp"):
            cleaned += " "
        elif is_ideograph(char):
            cleaned += f" {char} "
        elif category not in ("Cc", "Cf", "Co") and char != "\ufffd":
            cleaned += char
    bare = [char for char in unicodedata.normalize("NFD", cleaned) if unicodedata.category(char) != "Mn"]
    parted = ""
    for char in "".join(bare).lower():
        alone = char in "$+<=>^`|~" or unicodedata.category(char).startswith("P")
        parted += f" {char} " if alone else char
    return parted.split()
    ### END SOLUTION


# %% tags=["raises-exception", "nbval-check-output"]
ex.normalize.check(normalize)

# %% [markdown]
# Yours beside the reference, on a text of your choice:

# %%
ex.normalize.beside(normalize, "Señor “Zorro” – 100% ❤ \u00a0 東京")

# %% [markdown]
# Something is lost here for good. Some of it matters:

# %% tags=["nbval-check-output"]
for one, other in (
    ("It was OK, US critics said.", "it was ok , us critics said ."),
    ("resumé", "resume"),
    ("schon", "schön"),
):
    print(reference_normalize(one) == reference_normalize(other), "·", one, "·", other)

# %% [markdown]
# *US* and *us* are one word to this model, and German *schon* (already) and *schön* (beautiful) too. A *cased* model keeps them apart, at the price of a vocabulary that has many words twice.
#
# ## 4 · WordPiece
#
# Now each word is cut into pieces of the vocabulary. The rule is greedy: take the **longest** piece that the word begins with, then the longest that the rest begins with, and so on. Pieces inside a word are written with `##`.
#
# **Predict first.** Which of these words stay whole?

# %% tags=["nbval-check-output"]
for word in ("film", "films", "gripping", "unfilmable", "soderbergh", "hmmmm"):
    print(f"{word:12}", tokenizer.tokenize(word))

# %% [markdown]
# By hand, with a tiny vocabulary. What is the longest beginning of *unable*? What is left then?

# %% tags=["nbval-check-output"]
tiny = {"[UNK]", "un", "una", "##able", "##ble", "##s"}
print(reference_wordpiece("unable", tiny))
print(reference_wordpiece("unable", tiny - {"##ble"}))

# %% [markdown]
# The longest beginning is *una*, not *un*. In the second line nothing fits the rest, and the **whole word** becomes `[UNK]`, although *un* and *##able* would have done. The rule never goes back on a choice.
#
# What does `[UNK]` lose? **Predict first.** Which of these two will the model tell apart: a loved film from a hated one?

# %% tags=["nbval-check-output"]
for line in ("good 😀", "good😀", "bad😀", "ſuperb"):
    print(f"{line:8}", tokenizer.tokenize(line))

# %% [markdown]
# Without a space, *good😀* and *bad😀* are the same to the model: one unknown word. How often does that happen in the reviews?

# %% tags=["nbval-check-output"]
everything = [pieces for name in data for pieces in map(tokenizer.tokenize, data[name]["text"])]
flat = [piece for pieces in everything for piece in pieces]
print("pieces:", len(flat), "  of them [UNK]:", flat.count("[UNK]"))
letters = "abcdefghijklmnopqrstuvwxyz"
print(
    "every letter is a piece:",
    all({letter, "##" + letter} <= set(tokenizer.get_vocab()) for letter in letters),
)
print(f"share that goes on from the piece before: {np.mean([piece.startswith('##') for piece in flat]):.2f}")

# %% [markdown]
# Never, in these reviews. Since the vocabulary has all single letters, with and without `##`, every word made of them can be cut somehow.
#
# ### Exercise · wordpiece (3 points)
#
# Write `wordpiece(word, vocab)`: the list of pieces of one word. `vocab` is a set. Where no piece fits, the answer is `["[UNK]"]`. A word of more than 100 characters is `["[UNK]"]` as well, whatever fits.


# %%
def wordpiece(word, vocab):
    """The pieces of one word, longest match first."""
    ### BEGIN SOLUTION
    if len(word) > 100:
        return ["[UNK]"]
    pieces, start = [], 0
    while start < len(word):
        prefix = "##" if start > 0 else ""
        end = len(word)
        while end > start and prefix + word[start:end] not in vocab:
            end -= 1
        if end == start:
            return ["[UNK]"]
        pieces.append(prefix + word[start:end])
        start = end
    return pieces
    ### END SOLUTION


# %% tags=["raises-exception", "nbval-check-output"]
ex.wordpiece.check(wordpiece)

# %%
ex.wordpiece.beside(wordpiece, "unfilmable", {"[UNK]", "un", "##fi", "##film", "##able", "##lma", "##ble"})

# %% [markdown]
# Two functions, and you have the tokenizer. Does it agree with the library? Not on one sentence: on all reviews.

# %% tags=["nbval-check-output"]
vocabulary = tokenizer.get_vocab()
texts = [text for name in data for text in data[name]["text"]]
same = sum(
    reference_tokenize(text, vocabulary) == pieces for text, pieces in zip(texts, everything, strict=True)
)
print(same, "of", len(texts), "reviews are cut alike")

# %% [markdown]
# ## 5 · Numbers, typos, other languages
#
# The vocabulary was learnt from English books and Wikipedia. **Predict first.** What does it do to a year, to a price, to a typo, to German?

# %% tags=["nbval-check-output"]
for odd in (
    "1999",
    "2999",
    "12345678",
    "3.14",
    "awsome",
    "awesome",
    "sooooo",
    "Sehenswürdigkeit",
    "прекрасный",
    "素晴らしい",
):
    print(f"{odd:17}", tokenizer.tokenize(odd))

# %% [markdown]
# A frequent year is one piece; another number falls apart by chance, not by place value. That is one reason why such models are bad at arithmetic. A typo turns one well-known piece into several odd ones. German falls into fragments, Russian into letters, and of Japanese some is simply unknown.
#
# How much longer does a language become? Four times the same sentence:

# %% tags=["nbval-check-output"]
sentences = {
    "English": "The film is beautiful and very sad.",
    "German": "Der Film ist wunderschön und sehr traurig.",
    "Finnish": "Elokuva on kaunis ja hyvin surullinen.",
    "Russian": "Фильм прекрасный и очень грустный.",
}
for name, sentence in sentences.items():
    pieces = tokenizer.tokenize(sentence)
    print(
        f"{name:8} {len(sentence.split())} words, {len(pieces):2} pieces, {len(pieces) / len(sentence.split()):.2f} to a word"
    )

# %% [markdown]
# More pieces to compute, and each says less. For other languages, take a model whose vocabulary was learnt from them.
#
# ## 6 · Special pieces, types and ids
#
# Every input begins with `[CLS]`: its vector is what a classifier reads. Every text ends with `[SEP]`. For two texts, say a question and an answer, the model also wants to know which piece belongs to which. That is what **token type ids** are for.
#
# **Predict first.** To which of the two texts does the `[SEP]` in the middle belong?

# %% tags=["nbval-check-output"]
pair = tokenizer("Is it good?", "A dull plot.")
for piece, number, kind in zip(
    tokenizer.convert_ids_to_tokens(pair["input_ids"]),
    pair["input_ids"],
    pair["token_type_ids"],
    strict=False,
):
    print(f"{piece:6} {number:6}  type {kind}")

# %% [markdown]
# To the first. Types are 0 up to that `[SEP]`, and 1 after it.
#
# ### Too long
#
# The model has 512 positions. What is longer must be cut, by `truncation=True` and `max_length`. The special pieces count, and they stay.
#
# With two texts there is a choice. **Predict first.** One text has twelve pieces, the other three, and `max_length` is 10. Who loses how many?

# %% tags=["nbval-check-output"]
long_text, short_text = "one two three four five six seven eight nine ten eleven twelve", "a b c"
cut = tokenizer(long_text, short_text, truncation=True, max_length=10)
print(tokenizer.convert_ids_to_tokens(cut["input_ids"]))
print(cut["token_type_ids"])

# %% [markdown]
# **Longest first**: pieces are taken from the end of whichever text is longer, until both fit. There is room for seven, 10 less three special pieces. The short text keeps its three, the long one gets the other four.
#
# Here are the two with the limit to move. What is cut off is shown.
#
# **Things to try.** Bring `max_length` down from 10, one at a time. At which length does the short text lose a piece for the first time, and which of the two keeps more then? Back at 10, cut *only the second*. Will it fit?

# %% tags=["demo"]
TokenizerExplorer(long_text, pair=short_text, max_length=10)

# %% tags=["nbval-check-output"]
for limit in (9, 8):
    shorter = tokenizer(long_text, short_text, truncation=True, max_length=limit)
    print(limit, tokenizer.convert_ids_to_tokens(shorter["input_ids"]))
try:
    tokenizer(long_text, short_text, truncation="only_second", max_length=10)
except Exception as error:
    print(error)

# %% [markdown]
# At 8. There is room for five, and the text that was longer keeps the odd one. The second alone can't lose as many pieces as there are too many, and the library raises an error.
#
# ### Exercise · encode (3 points)
#
# Write `encode(pieces_a, pieces_b, vocab, max_length)`. `pieces_b` is a list, or `None` for a single text. `vocab` is a dict from piece to id. It gives a dict with `input_ids` and `token_type_ids`. A piece that the vocabulary doesn't have becomes `[UNK]`.


# %%
def encode(pieces_a, pieces_b, vocab, max_length):
    """Ids and types of one text or two, special pieces included, at most `max_length` long."""
    ### BEGIN SOLUTION
    first, second = list(pieces_a), list(pieces_b or [])
    room = max_length - (2 if pieces_b is None else 3)
    while len(first) + len(second) > room:
        longer = first if len(first) > len(second) else second
        longer.pop()
    pieces = ["[CLS]", *first, "[SEP]"]
    types = [0] * len(pieces)
    if pieces_b is not None:
        pieces += [*second, "[SEP]"]
        types += [1] * (len(second) + 1)
    ids = [vocab.get(piece, vocab["[UNK]"]) for piece in pieces]
    return {"input_ids": ids, "token_type_ids": types}
    ### END SOLUTION


# %% tags=["raises-exception", "nbval-check-output"]
ex.encode.check(encode)

# %% [markdown]
# The reference, on the pair from above:

# %% tags=["nbval-check-output"]
ours = reference_encode(tokenizer.tokenize(long_text), tokenizer.tokenize(short_text), vocabulary, 10)
print(all(ours[name] == cut[name] for name in ours))

# %% [markdown]
# ## 7 · A batch is a rectangle
#
# Texts differ in length, and a tensor has no ragged edge. So short ones are filled up with `[PAD]`, id 0, and the **attention mask** says what is text (1) and what is padding (0).

# %% tags=["nbval-check-output"]
batch = tokenizer(["dull .", "a gripping , funny film ."], padding=True)
for name in ("input_ids", "attention_mask"):
    print(f"{name:15}", batch[name])

# %% [markdown]
# Could the mask be had from `ids != pad_id`? Here, yes. But some models pad with the id of a piece that also ends their texts. Then such a mask hides real pieces. You know the lengths before you pad: use them.
#
# ### Exercise · pad a batch (2 points)
#
# Write `pad_batch(sequences, pad_id=0)`. It gives a dict with `input_ids` and `attention_mask`, all rows as long as the longest sequence, padding at the end. The sequences themselves stay as they are.


# %%
def pad_batch(sequences, pad_id=0):
    """A rectangle of ids, and a mask that says what is text."""
    ### BEGIN SOLUTION
    longest = max(len(ids) for ids in sequences)
    rows, mask = [], []
    for ids in sequences:
        missing = longest - len(ids)
        rows.append(list(ids) + [pad_id] * missing)
        mask.append([1] * len(ids) + [0] * missing)
    return {"input_ids": rows, "attention_mask": mask}
    ### END SOLUTION


# %% tags=["raises-exception", "nbval-check-output"]
ex.pad_batch.check(pad_batch)

# %%
ex.pad_batch.beside(pad_batch, [[101, 2143, 102], [101, 102]])

# %% [markdown]
# ### What padding costs
#
# The model computes every place, padding too; the mask only keeps it out of the result. So how long should a batch be? As long as 512, as its own longest text, or can we do better?
#
# **Predict first.** Of all places in batches of 32 reviews, padded to 128, what share is padding?

# %%
lengths = np.array([len(pieces) + 2 for pieces in everything])


def places(lengths, size=32, to=None):
    batches = [lengths[start : start + size] for start in range(0, len(lengths), size)]
    return sum(len(batch) * (to or int(max(batch))) for batch in batches)


# %% tags=["nbval-check-output"]
plots_tokens.padding(
    int(lengths.sum()),
    {
        "all to 128": places(lengths, to=128),
        "to the longest of the batch": places(lengths),
        "the same, sorted by length": places(np.sort(lengths)),
    },
)

# %% [markdown]
# To the longest of each batch, **dynamic padding**, saves more than half of the places at once. With texts of like length side by side, hardly any padding is left. The predictions are the same: the mask sees to that. In training, one shuffles a little so that the batches still differ from epoch to epoch.
#
# ## 8 · Back to the text
#
# Which place in the text did a piece come from? To mark a name, or an answer, one has to know. The library keeps the **offsets**: for each piece, where it begins and ends in the text *as it was written*.
#
# **Predict first.** The piece *cafe* has four letters. Does it point to four characters of the text or to five, if the accent was typed as a character of its own?

# %% tags=["nbval-check-output"]
written = "The CAFE\u0301, an unfilmable plot"
kept = tokenizer(written, return_offsets_mapping=True)
for piece, (start, end) in zip(kept.tokens(), kept["offset_mapping"], strict=True):
    print(f"{piece:7} {start:2} to {end:2}  {written[start:end]!a}")

# %% [markdown]
# To four. The accent, at place 8, was dropped, and no piece points to it. All others reach back through what normalizing did: *cafe* points to *CAFE*. Special pieces point nowhere, 0 to 0.
#
# So to find the pieces of a word, ask for its characters. Don't search the text for the piece: it may not be there.

# %% tags=["nbval-check-output"]
place = written.index("unfilmable")
found = sorted({kept.char_to_token(at) for at in range(place, place + len("unfilmable"))})
print("pieces of 'unfilmable':", [kept.tokens()[index] for index in found])

# %% [markdown]
# Without offsets, one can at least join the pieces again. **Predict first.** What will be missing?

# %% tags=["nbval-check-output"]
print(reference_decode(kept.tokens()))
print(tokenizer.decode(kept["input_ids"]))
print(tokenizer.decode(kept["input_ids"], skip_special_tokens=True))

# %% [markdown]
# Capitals and accents don't come back: normalizing lost them. Spaces stand where they may not have been, and the library guesses a little: it pulls some punctuation to the word before. Our version leaves it apart.
#
# ### Exercise · decode the pieces (1 point)
#
# Write `decode_pieces(pieces)`: one text. Drop the five special pieces, `[PAD]`, `[UNK]`, `[CLS]`, `[SEP]` and `[MASK]`. Join what begins with `##` to the piece before. Put single spaces between the rest, punctuation included.


# %%
def decode_pieces(pieces):
    """The text of the pieces, without special ones."""
    ### BEGIN SOLUTION
    words = []
    for piece in pieces:
        if piece in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"):
            continue
        if piece.startswith("##") and words:
            words[-1] += piece[2:]
        else:
            words.append(piece)
    return " ".join(words)
    ### END SOLUTION


# %% tags=["raises-exception", "nbval-check-output"]
ex.decode_pieces.check(decode_pieces)

# %%
ex.decode_pieces.beside(decode_pieces, kept.tokens())

# %% [markdown]
# ## 9 · Longer than the model
#
# The sentences so far are short. Whole reviews from IMDb are not. Here are 1,000 of them beside the sentences.

# %% tags=["nbval-check-output"]
imdb = reviews.load("imdb")["validation"]["text"]
imdb_lengths = [len(ids) for ids in tokenizer(imdb[:1000], verbose=False)["input_ids"]]
plots_tokens.lengths({"sentences": lengths.tolist(), "IMDb reviews": imdb_lengths})

# %% [markdown]
# What does truncation do to the long ones? It reads the beginning and throws the rest away. Let us look at one review and at what is lost.

# %% tags=["nbval-check-output"]
review = imdb[next(index for index, count in enumerate(imdb_lengths) if 1100 < count < 1300)]
whole = tokenizer(review, add_special_tokens=False, verbose=False)["input_ids"]
cut = tokenizer(review, truncation=True, max_length=512)
print("pieces:", len(whole), "  read by a model of 512:", len(cut["input_ids"]) - 2)
print("the end, never read: …", review[-120:])

# %% [markdown]
# More than half is never read, and verdicts often stand at the end.
#
# The remedy: several **windows**. They overlap, so that a sentence that is cut at the end of one window can stand whole in the next. In the library the overlap is called `stride`. In most other places a stride is the *step*. People have lost days over this.
#
# **Predict first.** With `max_length=512` and `stride=128`, how far is it from the beginning of one window to the next?

# %% tags=["nbval-check-output"]
several = tokenizer(
    review,
    truncation=True,
    max_length=512,
    stride=128,
    return_overflowing_tokens=True,
    return_offsets_mapping=True,
)
print("windows:", len(several["input_ids"]), "of lengths", [len(ids) for ids in several["input_ids"]])
plots_tokens.windows(len(whole), 512, 128)

# %% [markdown]
# 382: a window has 510 pieces of text, for `[CLS]` and `[SEP]` take two places, and 128 of them were in the window before. The last window ends with the text and is shorter.
#
# The same on a smaller scale: 27 pieces, and room for nine in each window. A hatched edge marks what the window before has too.
#
# **Predict first.** With a stride of 4 it takes five windows. How many will it take with 0, and how many with 8, the largest stride that is possible?

# %% tags=["demo"]
lines = (
    "It begins well, with two unforgettable scenes. The second half, long and talky, is not nearly as good."
)
TokenizerExplorer(lines, max_length=11, windows=True, stride=4)

# %% tags=["nbval-check-output"]
for stride in (0, 4, 8):
    small_windows = tokenizer(
        lines, truncation=True, max_length=11, stride=stride, return_overflowing_tokens=True
    )
    print(f"stride {stride}: {len(small_windows['input_ids'])} windows")

# %% [markdown]
# The more they share, the smaller the step. With 8 of 9 shared it is one piece, and whatever is in the middle is read nine times. With 0 nothing is read twice, but no window has the whole of *unforgettable*.
#
# Back to the review. The offsets still count from the beginning of the whole review. So each piece of each window knows its place:

# %% tags=["nbval-check-output"]
for offsets in several["offset_mapping"]:
    first, last = offsets[1][0], offsets[-2][1]
    print(f"characters {first:4} to {last:4}: {review[first : first + 34]!r} …")

# %% [markdown]
# ### Exercise · sliding windows (3 points)
#
# Write `sliding_windows(ids, max_length, stride)`. `ids` come without special pieces. Each window begins with 101, `[CLS]`, ends with 102, `[SEP]`, and has at most `max_length` ids with them. Neighbours share `stride` ids. Stop with the first window that reaches the end; a short text gives one window.


# %%
def sliding_windows(ids, max_length, stride):
    """Overlapping windows that cover all ids, each with [CLS] and [SEP]."""
    ### BEGIN SOLUTION
    room = max_length - 2
    windows, start = [], 0
    while True:
        windows.append([101, *ids[start : start + room], 102])
        if start + room >= len(ids):
            return windows
        start += room - stride
    ### END SOLUTION


# %% tags=["raises-exception", "nbval-check-output"]
ex.sliding_windows.check(sliding_windows)

# %% [markdown]
# Beside the library, on the whole review:

# %% tags=["nbval-check-output"]
print(reference_windows(whole, 512, 128) == several["input_ids"])

# %% [markdown]
# What then? Each window goes through the model by itself, and their logits are combined, by their mean for instance. The windows are a batch, so they are padded, and the mask comes with them:

# %% tags=["nbval-check-output"]
rectangle = reference_pad(several["input_ids"])
print("shape of the batch:", tuple(torch.tensor(rectangle["input_ids"]).shape))
print("pieces in each window:", torch.tensor(rectangle["attention_mask"]).sum(dim=1).tolist())

# %% [markdown]
# ## 10 · A vocabulary of one's own
#
# Where does a vocabulary come from? It is learnt, from texts. Begin with all characters. Join the two pieces that stand side by side most often into a new piece, and do so again and again, until there are as many as you asked for. (Google's own program, never published, weighed the pairs a little differently.) The library `tokenizers` does it in seconds.
#
# **Predict first.** We train 4,000 pieces on our reviews, against 30,522 of BERT. Which cuts *unseen* film reviews into fewer pieces?

# %%
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

small = Tokenizer(models.WordPiece(unk_token="[UNK]"))
small.normalizer = normalizers.BertNormalizer(lowercase=True)
small.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
trainer = trainers.WordPieceTrainer(
    vocab_size=4000, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], show_progress=False
)
small.train_from_iterator(data["train"]["text"], trainer)

# %%
unseen = data["validation"]["text"]
by_small = [encoding.tokens for encoding in small.encode_batch(unseen[:])]
by_bert = [tokenizer.tokenize(text) for text in unseen]
for name, cut_by in (("ours, 4,000 pieces", by_small), ("BERT's, 30,522   ", by_bert)):
    words = sum(map(len, words_of["validation"]))
    print(f"{name}  {sum(map(len, cut_by)) / words:.2f} pieces to a word")
for word in ("film", "cinematic", "screenplay", "photosynthesis"):
    print(f"{word:15} ours {small.encode(word).tokens}  BERT's {tokenizer.tokenize(word)}")

# %%
assert sum(map(len, by_small)) > sum(map(len, by_bert))
assert small.encode("film").tokens == ["film"]

# %% [markdown]
# BERT's: it is far larger. Ours knows the words of film critics, and little else.
#
# And what would BERT make of ids from our vocabulary?

# %%
ids = small.encode("a gripping film").ids
print("our ids:", ids)
print("what BERT reads:", tokenizer.convert_ids_to_tokens(ids))

# %%
assert tokenizer.convert_ids_to_tokens(ids) != small.encode("a gripping film").tokens

# %% [markdown]
# Nonsense. Nothing raises, nothing warns: each id picks a row, only the wrong one. **A model and its tokenizer belong together.** Load both by the same name, and save both together.
#
# ## Recap
#
# - A model sees ids, rows of a table. What the tokenizer loses is lost.
# - **Normalizing** an uncased text: clean, part ideographs, drop accents, lower case, part punctuation, split.
# - **WordPiece** is greedy: the longest match first, `##` inside a word, `[UNK]` for the *whole* word where nothing fits.
# - `[CLS]` a `[SEP]` b `[SEP]`; **types** 0 and 1; the first `[SEP]` belongs to the first text.
# - **Truncation** counts the special pieces, and takes from the longer text first.
# - Pad to the longest of the batch, sort by length, and make the **mask** from lengths.
# - **Offsets** lead from a piece back to the text. Decoding alone can't bring back what was lost.
# - Long texts go through in **windows**; `stride` is what they share.
# - A model and its tokenizer belong together.
#
# ## Quiz
#
# Pick a choice, then open it: it says whether it is right, and why. By keyboard: Tab to a choice, Enter to open it. To have your answers kept with your progress, type them instead: `ex.quiz.answer(1, "b")`.

# %%
ex.quiz

# %% [markdown]
# ## Further reading
#
# - Y. Wu and others, [Google's Neural Machine Translation System](https://arxiv.org/abs/1609.08144), 2016: where WordPiece is described.
# - J. Devlin and others, [BERT](https://arxiv.org/abs/1810.04805), 2019: special pieces and types.
# - X. Song and others, [Fast WordPiece Tokenization](https://arxiv.org/abs/2012.15524), 2021: the same pieces in one pass.
# - R. Sennrich and others, [Neural Machine Translation of Rare Words with Subword Units](https://arxiv.org/abs/1508.07909), 2016: the rival, byte-pair encoding.
# - The Transformers library on [padding and truncation](https://huggingface.co/docs/transformers/pad_truncation).
