"""TokenizerExplorer: a text to type, and the pieces, ids, types, mask and offsets that BERT's tokenizer makes of it."""

import json
import re
from functools import cache, lru_cache
from typing import Any, ClassVar

from transformers import PreTrainedTokenizerBase

from course_utils.assets import checkpoints
from course_utils.widgets.base import (
    Explorer,
    a_choice,
    a_whole_number,
    checked,
    new_figure,
    script,
    setting,
    shown,
)

POSITIONS = 512
"""Pieces that the model can read at most, and the limit where none is given."""

LONGEST_TEXT = 100_000
"""Characters that the explorer takes."""

SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")

TRUNCATIONS = (False, "longest_first", "only_first", "only_second")


def tokenizer_view(
    text: str,
    pair: str | None = None,
    tokenizer: PreTrainedTokenizerBase | None = None,
    max_length: int | None = None,
    padding: bool | str = False,
    truncation: bool | str = True,
    windows: bool = False,
    stride: int = 2,
) -> dict[str, Any]:
    """What the Hugging Face tokenizer makes of one text or two.

    The explorer's JavaScript gives the same, offsets in characters as Python counts them included. They were compared
    on each character of Unicode 17 alone, and on mixtures of all but the 527 characters that are newer than the tables
    of the library and are accents, or letters that can be taken apart, of rare scripts. The library leaves those as
    they are and so does the browser; in a row they may come in another order.

    Args:
        text: one text, of at most 100,000 characters.
        pair: a second text. None is no second text, and an empty one is none to the library either.
        tokenizer: an uncased BERT tokenizer; that of bert-base-uncased if not given.
        max_length: how many pieces a row may have, special ones included; 512 if not given.
        padding: False, or "max_length" to fill each row up.
        truncation: False, True or "longest_first", "only_first", "only_second".
        windows: whether what does not fit goes on in further rows. Of one text only.
        stride: how many pieces of text neighbouring windows share.

    Returns:
        `rows`, one for each window and else one; each has lists as long as the row: `pieces`, `ids`, `types`, `mask`,
        `offsets` as [start, end], `words`, `sequences` (0 for the first text, 1 for the second) and `special` (1 for
        what the tokenizer adds). `words` and `sequences` hold None for what it adds.
        `words`: of each text in turn, each word before anything is cut: `sequence`, `start`, `end`, `pieces`.
        `cut`: what is in no row, as lists `pieces`, `ids`, `offsets`, `words`, `sequences`.
        `shared`: how many pieces a window has in common with the one before; 0 if there are no two.

    Raises:
        ValueError: the settings do not go together, with advice.
    """
    _fit_together(len(text), pair, max_length, truncation, windows, stride)
    tokenizer = tokenizer or checkpoints.tokenizer()
    limit = POSITIONS if max_length is None else max_length
    pair = pair or None
    whole = tokenizer(text, pair, add_special_tokens=False, return_offsets_mapping=True, verbose=False)[0]
    lengths = [sum(place == sequence for place in whole.sequence_ids) for sequence in (0, 1)]
    _room_in(lengths, pair, limit, truncation)
    kept = tokenizer(
        text,
        pair,
        max_length=limit,
        padding=padding,
        truncation="longest_first" if truncation is True else truncation,
        stride=stride if windows else 0,
        return_overflowing_tokens=windows,
        return_offsets_mapping=True,
        verbose=False,
    )
    rows = [_row(encoding) for encoding in (kept.encodings or [])]
    everything = _row(whole)
    counted = [sum(place == sequence for place in rows[0]["sequences"]) for sequence in (0, 1)]
    if windows:
        counted = lengths
    lost = [
        place
        for sequence, first in ((0, 0), (1, lengths[0]))
        for place in range(first + counted[sequence], first + lengths[sequence])
    ]
    return {
        "rows": rows,
        "words": _words(everything),
        "cut": {
            name: [everything[name][place] for place in lost]
            for name in ("pieces", "ids", "offsets", "words", "sequences")
        },
        "shared": stride if len(rows) > 1 else 0,
    }


def _fit_together(
    length: int, pair: str | None, max_length: int | None, truncation: bool | str, windows: bool, stride: int
) -> None:
    """Raises ValueError where settings exclude each other, whatever the text."""
    if length + len(pair or "") > LONGEST_TEXT:
        raise ValueError(
            f"The explorer takes up to {LONGEST_TEXT:,} characters. These are {length + len(pair or ''):,}: "
            "give a part of them."
        )
    limit = POSITIONS if max_length is None else max_length
    specials = 3 if pair else 2
    if truncation and limit < specials:
        raise ValueError(
            f"max_length = {limit} has no room for the {specials} special pieces: give {specials} or more."
        )
    if not windows:
        return
    if not truncation:
        raise ValueError("Windows hold what truncation would cut off: switch truncation on.")
    if pair:
        raise ValueError("Windows are of one text here: switch the second text off, or the windows.")
    if stride >= limit - specials:
        raise ValueError(
            f"With max_length = {limit} a window has room for {limit - specials} pieces of text, and neighbours are "
            f"to share {stride} of them: there is no step forward. Make stride smaller or max_length larger."
        )


def _room_in(lengths: list[int], pair: str | None, limit: int, truncation: bool | str) -> None:
    """Raises ValueError where one text alone is to be cut and that is not enough."""
    surplus = sum(lengths) + (3 if pair else 2) - limit
    if truncation not in ("only_first", "only_second") or surplus <= 0:
        return
    if truncation == "only_second" and not pair:
        raise ValueError("There is no second text to cut: write one, or choose another truncation.")
    which, length = ("first", lengths[0]) if truncation == "only_first" else ("second", lengths[1])
    if length < surplus or (pair and length == surplus):
        raise ValueError(
            f"{surplus} pieces are too many, and the {which} text has only {length}: make max_length larger, "
            "or cut the longest first."
        )


def _row(encoding: Any) -> dict[str, list[Any]]:
    return {
        "pieces": encoding.tokens,
        "ids": encoding.ids,
        "types": encoding.type_ids,
        "mask": encoding.attention_mask,
        "offsets": [list(span) for span in encoding.offsets],
        "words": encoding.word_ids,
        "sequences": encoding.sequence_ids,
        "special": encoding.special_tokens_mask,
    }


def _words(row: dict[str, list[Any]]) -> list[dict[str, Any]]:
    found: dict[tuple[int, int], dict[str, Any]] = {}
    for piece, (start, end), word, sequence in zip(
        row["pieces"], row["offsets"], row["words"], row["sequences"], strict=True
    ):
        entry = found.setdefault(
            (sequence, word), {"sequence": sequence, "start": start, "end": end, "pieces": []}
        )
        entry["start"], entry["end"] = min(entry["start"], start), max(entry["end"], end)
        entry["pieces"].append(piece)
    return list(found.values())


class TokenizerExplorer(Explorer):
    """Type a text, and see its words, its pieces, and what was cut off.

    Args:
        text: up to 100,000 characters.
        pair: a second text, or None.
        tokenizer: an uncased BERT tokenizer, such as `checkpoints.tokenizer()`, which is taken if none is given.
        max_length: 1 to 512 pieces, or None for the model's 512.
        padding: False or "max_length".
        truncation: False, True or "longest_first", "only_first", "only_second".
        windows: whether what does not fit goes on in further windows.
        stride: how many pieces of text neighbouring windows share.
    """

    _esm = script("tokenizer")
    text = setting("A gripping, unfilmable film.")
    pair = setting(None)
    max_length = setting(None)
    padding = setting(False)
    truncation = setting("longest_first")
    windows = setting(False)
    stride = setting(2)
    _checked = checked("text", "pair", "max_length", "padding", "truncation", "windows", "stride")

    _made = False  # until then settings are looked at one by one
    SETTINGS = ("text", "pair", "max_length", "padding", "truncation", "windows", "stride")

    def __init__(
        self,
        text: str = "A gripping, unfilmable film.",
        pair: str | None = None,
        tokenizer: PreTrainedTokenizerBase | None = None,
        max_length: int | None = None,
        padding: bool | str = False,
        truncation: bool | str = True,
        windows: bool = False,
        stride: int = 2,
    ) -> None:
        problems = []
        self.tokenizer = checkpoints.tokenizer()
        if tokenizer is not None:
            try:
                vocabulary_of(tokenizer)
                self.tokenizer = tokenizer
            except ValueError as error:
                problems.append(str(error))
        given = dict(
            zip(self.SETTINGS, (text, pair, max_length, padding, truncation, windows, stride), strict=True)
        )
        good = {}
        for name, value in given.items():
            try:
                good[name] = self.CHECKS[name](value)
            except ValueError as error:
                problems.append(str(error))
        try:
            tokenizer_view(**{"text": "", **good}, tokenizer=self.tokenizer)
        except ValueError as error:
            problems.append(str(error))
            # Which of them is meant nobody knows, so the text is shown without any.
            good = {"text": good["text"]} if len(good.get("text", "")) in range(1, LONGEST_TEXT) else {}
        super().__init__(data=vocabulary_of(self.tokenizer), problem=" ".join(problems), **good)

    CHECKS: ClassVar = {
        "text": lambda value: _text("The text", value),
        "pair": lambda value: None if value is None else _text("The second text", value),
        "max_length": lambda value: (
            None if value is None else a_whole_number("max_length", 1, POSITIONS)(value)
        ),
        "padding": a_choice("padding", False, "max_length"),
        "truncation": lambda value: (
            "longest_first" if value is True else a_choice("truncation", True, *TRUNCATIONS)(value)
        ),
        "windows": a_choice("windows", False, True),
        "stride": a_whole_number("stride", 0, POSITIONS - 3),
    }

    def check(self, name: str, value: Any) -> Any:
        """The value to keep for a setting, if it goes together with the others."""
        value = super().check(name, value)
        if self._made:
            tokenizer_view(**{**self._settings(), name: value}, tokenizer=self.tokenizer)
        return value

    def _settings(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.SETTINGS}

    def view(self) -> dict[str, Any]:
        return tokenizer_view(**self._settings(), tokenizer=self.tokenizer)

    def sentence(self) -> str:
        view = self.view()
        rows, words, cut = view["rows"], view["words"], view["cut"]
        parts = [_how_many(len(words), rows, view["shared"], self.pair)]
        if not words:
            parts.append("There is nothing to cut into pieces.")
        else:
            most = max(words, key=lambda word: len(word["pieces"]))
            if len(most["pieces"]) > 1:
                parts.append(f"{self._quoted(most)} is cut into {_few(most['pieces'])}.")
            else:
                parts.append("Each word is one piece.")
            unknown = [word for word in words if word["pieces"] == ["[UNK]"]]
            if unknown:
                parts.append(f"{self._quoted(unknown[0])} is [UNK]: the vocabulary has no pieces for it.")
        limit = POSITIONS if self.max_length is None else self.max_length
        if cut["pieces"]:
            first = cut["sequences"].count(0)
            second = len(cut["pieces"]) - first
            lost = [f"{first} of the first text"] * (first > 0) + [f"{second} of the second"] * (second > 0)
            each = f" ({', '.join(lost)})" if self.pair else ""
            parts.append(f"Cut off: {_count(len(cut['pieces']), 'piece')}{each}.")
        elif not self.truncation and len(rows[0]["pieces"]) > limit:
            parts.append(f"Truncation is off: more than {limit} pieces stay.")
        else:
            parts.append("Nothing was cut off.")
        return " ".join(parts)

    def _quoted(self, word: dict[str, Any]) -> str:
        text = (self.pair if word["sequence"] else self.text)[word["start"] : word["end"]]
        return f"'{_apart(text if len(text) <= 24 else text[:23] + '…')}'"

    def picture(self) -> Any:
        lines = _lines(self.view())
        heights = [0.55 if isinstance(line, str) else 1.0 for line in lines]
        figure, axes = new_figure(9, 0.5 * sum(heights))
        top = 0.0
        for line, height in zip(lines, heights, strict=True):
            if isinstance(line, str):
                axes.text(0, top + 0.45, line, fontsize=9)
            else:
                for box in line:
                    _draw(axes, top, *box)
            top += height
        axes.set(xlim=(-0.5, LINE + 0.5), ylim=(top, 0))
        axes.axis("off")
        return figure


def vocabulary_of(tokenizer: Any) -> dict[str, Any]:
    """The vocabulary as the browser gets it: `vocabulary`, all pieces in the order of their ids, a line for each.

    Raises:
        ValueError: it is not a fast tokenizer of the kind of bert-base-uncased, which is all that the browser knows.
    """
    kind = "The tokenizer is an uncased BERT tokenizer, such as checkpoints.tokenizer()."
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise ValueError(f"{kind} This is {shown(tokenizer)}: give one, or none.")
    return {"vocabulary": _vocabulary(backend.to_str(), kind)}


@lru_cache(maxsize=2)  # the description is long, for the vocabulary is in it
def _vocabulary(described: str, kind: str) -> str:
    parts = json.loads(described)
    normalizer = parts["normalizer"] or {}
    expected = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "lowercase": True}
    model = parts["model"]
    vocabulary = model.get("vocab") or {}
    # Of the added pieces only the five specials are known, with the ids that the vocabulary has for them.
    added = {piece["content"]: piece["id"] for piece in parts["added_tokens"] if not piece["normalized"]}
    if (
        model["type"] != "WordPiece"
        or model["continuing_subword_prefix"] != "##"
        or model["max_input_chars_per_word"] != 100
        or any(normalizer.get(name) != value for name, value in expected.items())
        or normalizer.get("strip_accents") is False
        or (parts["pre_tokenizer"] or {}).get("type") != "BertPreTokenizer"
        or (parts["post_processor"] or {}).get("type") not in ("TemplateProcessing", "BertProcessing")
        or len(added) != len(parts["added_tokens"])
        or added != {piece: vocabulary.get(piece) for piece in SPECIALS}
        or sorted(vocabulary.values()) != list(range(len(vocabulary)))
    ):
        raise ValueError(f"{kind} This one works in another way: give one of that kind, or none.")
    return "\n".join(sorted(vocabulary, key=vocabulary.__getitem__))


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{name} is a string. This is {shown(value)}: put it in quotes, or give another.")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(
            f"{name} has half a character in it, a surrogate, which no file can hold: look at how it was read."
        ) from None
    return value


def _count(number: int, name: str) -> str:
    return f"{number} {name}" if number == 1 else f"{number} {name}s"


def _how_many(words: int, rows: list[dict[str, list[Any]]], shared: int, pair: str | None) -> str:
    become = "becomes" if words == 1 else "become"
    if len(rows) > 1:
        longest = max(sum(row["mask"]) for row in rows)
        return (
            f"{_count(words, 'word')}, marks counted, {become} {len(rows)} windows of at most {longest} pieces, "
            f"[CLS] and [SEP] included; neighbours share {shared}."
        )
    pieces = sum(rows[0]["mask"])
    filled = len(rows[0]["mask"]) - pieces
    padded = f"; {filled} [PAD] fill up to {len(rows[0]['mask'])}" if filled else ""
    specials = "[CLS] and two [SEP]" if pair else "[CLS] and [SEP]"
    return f"{_count(words, 'word')}, marks counted, {become} {pieces} pieces, {specials} included{padded}."


def _few(pieces: list[str]) -> str:
    # Pieces go from left to right, so that ## stays before a letter.
    shown_pieces = [_apart(piece, "\u2066") for piece in pieces[:8]]
    return " ".join(shown_pieces if len(pieces) <= 8 else [*shown_pieces, "…"])


def _apart(text: str, direction: str = "\u2068") -> str:
    """Something to quote, isolated so that letters from right to left don't turn around what follows."""
    right_to_left = re.search("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]", text)
    return f"{direction}{text}\u2069" if right_to_left else text


LINE = 108
"""Width of a line of the picture, in characters."""


def _lines(view: dict[str, Any], most: int = 120) -> list[Any]:
    """The picture's lines: headings, and boxes as (left, width, piece, id, style)."""
    lines: list[Any] = []
    left_over = most
    for place, row in enumerate(view["rows"]):
        if len(view["rows"]) > 1:
            lines.append(f"window {place + 1} of {len(view['rows'])}")
        styles = [
            "padding"
            if not mask
            else "special"
            if special
            else f"{'shared ' if place and index <= view['shared'] else ''}{'even' if word % 2 == 0 else 'odd'}"
            for index, (mask, special, word) in enumerate(
                zip(row["mask"], row["special"], row["words"], strict=True)
            )
        ]
        lines += _broken(row["pieces"], row["ids"], styles, left_over)
        left_over -= len(row["pieces"])
        if left_over <= 0:
            lines.append(
                f"… and {-left_over + sum(len(r['pieces']) for r in view['rows'][place + 1 :])} more"
            )
            break
    if view["cut"]["pieces"]:
        cut = view["cut"]["pieces"]
        lines.append(f"cut off: {len(cut)}" + (", of which the first are" if len(cut) > 30 else ""))
        lines += _broken(cut, view["cut"]["ids"], ["cut"] * len(cut), 30)
    return lines


def _broken(pieces: list[str], ids: list[int], styles: list[str], most: int) -> list[list[Any]]:
    lines: list[list[Any]] = [[]]
    left = 0.0
    for piece, number, style in list(zip(pieces, ids, styles, strict=True))[: max(most, 0)]:
        width = max(len(piece), 4) + 1.4
        if not piece.startswith("##") and lines[-1]:
            left += 0.8
        if left + width > LINE:
            lines.append([])
            left = 0.0
        lines[-1].append((left, width, piece, str(number), style))
        left += width
    return [line for line in lines if line]


def _draw(axes: Any, top: float, left: float, width: float, piece: str, number: str, style: str) -> None:
    """One piece: words by turns grey with a solid frame and white with a dashed one."""
    from matplotlib.patches import FancyBboxPatch, Rectangle

    dashes = {
        "special": "-",
        "even": "-",
        "odd": "--",
        "shared even": "-",
        "shared odd": "--",
        "padding": ":",
        "cut": "--",
    }
    rounded = style == "special"
    axes.add_patch(
        FancyBboxPatch(
            (left, top + 0.06),
            width,
            0.84,
            boxstyle="round,pad=0,rounding_size=1.2" if rounded else "square,pad=0",
            mutation_aspect=0.12,
            facecolor="0.9" if style.endswith("even") else "white",
            edgecolor="0.45" if style == "padding" else "black",
            linestyle=dashes[style],
            linewidth=1.6 if rounded else 0.9,
        )
    )
    if style.startswith("shared"):
        axes.add_patch(Rectangle((left, top + 0.06), width, 0.12, fill=False, hatch="///////", linewidth=0.5))
    middle = left + width / 2
    put = {"ha": "center", "va": "center", "parse_math": False}
    axes.text(middle, top + 0.39, _drawable(piece), fontsize=9, family="DejaVu Sans Mono", **put)
    axes.text(middle, top + 0.71, number, fontsize=6.5, **put)
    if style == "cut":
        axes.plot([left + 0.4, left + width - 0.4], [top + 0.39] * 2, color="black", linewidth=1)


def _drawable(piece: str) -> str:
    """The piece, with a box for each character that matplotlib's own font lacks: it would warn of every one."""
    return "".join(char if ord(char) in _glyphs() else "\u25a1" for char in piece)


@cache
def _glyphs() -> frozenset[int]:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return frozenset(get_font(findfont(FontProperties(family="DejaVu Sans Mono"))).get_charmap())
