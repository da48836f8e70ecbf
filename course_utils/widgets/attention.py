"""AttentionExplorer: what every head of a BERT attends to in a sentence that is typed in, or in two of them."""

import copy
import functools
import threading
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
import traitlets
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from course_utils.assets import checkpoints
from course_utils.widgets.base import (
    Explorer,
    a_choice,
    as_number,
    checked,
    fixed,
    new_figure,
    script,
    setting,
    shown,
)

MOST_PIECES = 48
"""A longer text is cut: 72 heads times 48² weights are 0.66 MB, and more rows than that nobody reads."""
SENTENCE = "the cat sat on the mat because it was tired ."
LOOKS = ("lines", "heat map")
SPECIAL = frozenset({"[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]"})
COMMON = (
    " a an and are as at be but by for from had has he her his i in is it its not of on or she so that the their they "
    "this to us was we were which will with you "
)
"""Words that two sentences share by chance."""


def attention_view(
    text: str, encoder: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, most: int = MOST_PIECES
) -> dict[str, Any]:
    """The weights of all heads of an encoder for one text.

    Args:
        text: what the encoder reads.
        encoder: a model in evaluation mode that gives its weights: loaded with `attn_implementation="eager"`.
        tokenizer: the one that goes with it.
        most: more pieces than this, [CLS] and [SEP] among them, are left out; the last piece stays.

    Returns:
        `tokens`, the t pieces; `weights`, [layers, heads, t, t], float32, each row (a token that asks) sums to 1;
        `pieces`, how many there were before the cut.

    Raises:
        ValueError: the text is none, or has nothing in it; the encoder gives no weights, or is in training mode.
    """
    text = _text(text)
    if not isinstance(encoder, PreTrainedModel) or not isinstance(tokenizer, PreTrainedTokenizerBase):
        raise ValueError(
            "The encoder is a BertModel and the tokenizer the one that goes with it, as checkpoints.encoder() and "
            f"checkpoints.tokenizer() give them. These are {shown(type(encoder).__name__)} and "
            f"{shown(type(tokenizer).__name__)}."
        )
    ids = tokenizer(text, verbose=False)["input_ids"]
    if len(ids) <= tokenizer.num_special_tokens_to_add():
        raise ValueError(
            f"There is nothing to read in the text {shown(text)}: give a sentence with a word in it."
        )
    kept = ids if len(ids) <= most else ids[: most - 1] + ids[-1:]
    if encoder.training:
        raise ValueError(
            "The encoder is in training mode, in which dropout changes its weights: call its eval() first."
        )
    with torch.no_grad():
        outputs = encoder(input_ids=torch.tensor([kept], device=encoder.device), output_attentions=True)
    if not outputs.attentions:
        raise ValueError(
            'This encoder keeps no attention weights: load it with attn_implementation="eager", for instance by '
            'checkpoints.encoder(attn_implementation="eager").'
        )
    weights = torch.stack([layer[0] for layer in outputs.attentions]).float().cpu().numpy()
    return {"tokens": tokenizer.convert_ids_to_tokens(kept), "weights": weights, "pieces": len(ids)}


def row_view(weights: np.ndarray, layer: int, head: int, token: int) -> dict[str, Any]:
    """What one token attends to in one head.

    Args:
        weights: [layers, heads, t, t], as `attention_view` gives them.
        layer: counted from 1.
        head: counted from 0, as lesson 1 does.
        token: the place of the token that asks, counted from 0; a place after the last means the last.

    Returns:
        `token`, the place; `row`, its t weights as float64; `order`, the places from the largest weight to the
        smallest, ties in the order of the text; `entropy` of the row in nats, 0 if one takes all, log t if all share.
    """
    token = min(token, weights.shape[-1] - 1)
    row = weights[layer - 1, head, token].astype(float)
    some = row[row > 0]
    return {
        "token": token,
        "row": row,
        "order": np.argsort(-row, kind="stable"),
        "entropy": float(-(some * np.log(some)).sum()) + 0.0,
    }


def shared_piece(tokens: Sequence[str], others: Sequence[str]) -> str | None:
    """The first piece that two sentences share: rather a word of some meaning than one such as *the*; None if none."""
    both = [token for token in tokens if token in set(others) - SPECIAL]
    telling = [token for token in both if token.isalpha() and f" {token} " not in COMMON]
    return next(iter(telling + both), None)


class AttentionExplorer(Explorer):
    """Type a sentence, choose a layer and a head, and go over the tokens to see what each attends to.

    Layers are counted from 1 and heads from 0, as in lesson 1.

    Args:
        text: the sentence. Of a long text the first 48 pieces are shown.
        encoder: a model loaded with `attn_implementation="eager"`; the course's own if not given.
        tokenizer: the one that goes with the encoder.
        second: another sentence, to be seen beside the first.
        layer, head: the first to be shown.
        look: "lines" or "heat map".
        word: which token asks at first. If not given: the first that tells something, of two
            sentences one that they share.
    """

    _esm = script("attention")
    text = setting(SENTENCE)
    second = setting(None)
    layer = setting(1)
    head = setting(2)
    look = setting("lines")
    places = setting([1])
    """Which token asks, in each sentence. The browser moves it."""
    answered: Any = traitlets.List().tag(sync=True)
    """The texts that the kernel has dealt with, so that the browser knows whether it still waits."""
    _checked = checked("text", "second", "layer", "head", "look", "places")

    def __init__(
        self,
        text: str = SENTENCE,
        encoder: PreTrainedModel | None = None,
        tokenizer: PreTrainedTokenizerBase | None = None,
        second: str | None = None,
        layer: int = 1,
        head: int = 2,
        look: str = "lines",
        word: str | None = None,
    ) -> None:
        # A typed sentence may arrive in a thread of its own while a cell runs. The model is only read there, but a
        # tokenizer changes while it works (cutting and padding are its state): so the explorer has its own.
        self._lock = threading.RLock()
        self._encoder = _own_encoder() if encoder is None else encoder
        self._tokenizer = copy.deepcopy(tokenizer) if tokenizer is not None else checkpoints.tokenizer()
        self._word = word
        self._sentences: list[dict[str, Any]] = []
        config = getattr(self._encoder, "config", None)
        self._size = (getattr(config, "num_hidden_layers", 0), getattr(config, "num_attention_heads", 0))
        problems: list[str] = []
        good_text = self._take(text, SENTENCE, problems)
        good_second = None if second is None else self._take(second, None, problems)
        if not self._sentences:
            super().__init__(problem=problems[0])
            return
        problems += self._missing_word()
        super().__init__(
            data=self._sent(),
            problem=" ".join(problems),
            text=good_text,
            second=good_second,
            layer=layer,
            head=head,
            look=look,
            places=self._focus([]),
        )

    def _take(self, text: str, instead: str | None, problems: list[str]) -> str | None:
        """Read a text, or if that can't be, the other. Gives the one that was read, and adds to the problems."""
        try:
            self._sentences.append(self._read(text))
        except ValueError as error:
            problems.append(str(error))
            return None if instead is None else self._take(instead, None, [])
        return text

    def check(self, name: str, value: Any) -> Any:
        layers, heads = self._size
        if name == "layer":
            return _counted("layer", value, 1, layers, f"this model has {layers}, from 1 to {layers}")
        if name == "head":
            return _counted("head", value, 0, heads - 1, f"a layer has {heads}, from 0 to {heads - 1}")
        return super().check(name, value)

    CHECKS: ClassVar[dict[str, Callable[[Any], Any]]] = {
        "text": lambda value: _text(value),
        "second": lambda value: None if value is None else _text(value),
        "look": a_choice("The look", *LOOKS),
        "places": lambda value: _places(value),
    }

    @traitlets.observe("text", "second")
    def _read_again(self, change: Any) -> None:
        if not self._made or self.text is None:
            return
        with self._lock:
            # Read only now: while this thread waited, the text may have become another one.
            texts = [text for text in (self.text, self.second) if text is not None]
            before, problem = self._sentences, ""
            known = {old["text"]: old for old in before}
            try:
                self._sentences = [known.get(text) or self._read(text) for text in texts]
            except ValueError as error:
                problem = str(error)
            except Exception as error:  # whatever it is, the browser must not wait for ever
                problem = f"The model could not read this sentence ({type(error).__name__}: {error})."
            with self.hold_sync():
                if self._sentences is not before:
                    self.places = self._focus(before)
                    self.data = self._sent()
                self.problem = problem
                self.answered = [self.text, self.second]

    def _read(self, text: str) -> dict[str, Any]:
        """What the explorer keeps and sends of one text."""
        text = _text(text)
        view = attention_view(text, self._encoder, self._tokenizer)
        cut = ""
        if view["pieces"] > len(view["tokens"]):
            cut = (
                f"This text has {view['pieces']:,} pieces with [CLS] and [SEP]. The model is shown the first "
                f"{len(view['tokens']) - 1} and the last, and so are you."
            )
        return {"text": text, "name": _brief(text), "cut": cut, **view}

    def _sent(self) -> dict[str, Any]:
        """What the browser needs of the sentences."""
        layers, heads = self._size
        sentences = [
            {
                **{name: one[name] for name in ("text", "name", "cut", "tokens")},
                "weights": one["weights"].tobytes(),
            }
            for one in self._sentences
        ]
        return {"layers": layers, "heads": heads, "sentences": sentences}

    def _focus(self, before: list[dict[str, Any]]) -> list[int]:
        tokens = [one["tokens"] for one in self._sentences]
        wanted = self._first_piece(self._word)
        if len(tokens) == 1 and wanted not in tokens[0] and before:
            last = before[0]["tokens"]
            wanted = last[min(self.places[0], len(last) - 1)]
        if not all(wanted in pieces for pieces in tokens):
            wanted = shared_piece(tokens[0], tokens[-1])
        return [pieces.index(wanted) if wanted in pieces else 1 for pieces in tokens]

    def _first_piece(self, word: str | None) -> str | None:
        pieces = self._tokenizer.tokenize(word) if isinstance(word, str) else []
        return pieces[0] if pieces else None

    def _missing_word(self) -> list[str]:
        wanted = self._first_piece(self._word)
        lacking = [one["name"] for one in self._sentences if wanted not in one["tokens"]]
        if self._word is None or not lacking:
            return []
        return [
            f"There is no {shown(self._word)} in {shown(lacking[0])}: "
            "give as word one that the sentence holds, or none."
        ]

    def view(self) -> dict[str, Any]:
        """For each sentence what `row_view` gives for the token that asks."""
        places = [*self.places, *(1 for _ in self._sentences)]
        return {
            "sentences": [
                row_view(one["weights"], self.layer, self.head, place)
                for one, place in zip(self._sentences, places, strict=False)
            ]
        }

    def sentence(self) -> str:
        if not self._sentences:
            return self.problem
        parts = [
            _says(one, shown_row)
            for one, shown_row in zip(self._sentences, self.view()["sentences"], strict=True)
        ]
        if len(parts) == 1:
            return f"Layer {self.layer}, head {self.head} of {parts[0]}"
        return f"Layer {self.layer}, head {self.head}. In {parts[0]} In {parts[1]}"

    def picture(self) -> Any:
        rows = len(self._sentences)
        most = max(len(one["tokens"]) for one in self._sentences)
        figure, axes = new_figure(
            9, rows * (1.2 + 0.24 * most), nrows=rows, ncols=2, squeeze=False, width_ratios=[3, 2]
        )
        figure.suptitle(f"layer {self.layer}, head {self.head}", fontsize=10)
        draw = _draw_lines if self.look == "lines" else _draw_heat_map
        for (left, right), one, row in zip(axes, self._sentences, self.view()["sentences"], strict=True):
            names = [_drawable(token) for token in one["tokens"]]
            draw(left, one["weights"][self.layer - 1, self.head], names, row["token"])
            places = np.arange(len(names))
            bars = right.barh(places, row["row"], color="white", edgecolor="black")
            right.bar_label(bars, [fixed(share, 2) for share in row["row"]], fontsize=7, padding=2)
            right.set_title(f"{names[row['token']]} asks", fontsize=9)
            right.set_yticks(places, names, fontsize=8)
            right.set_xlim(0, 1.15)
            right.tick_params(axis="x", labelsize=8)
            right.invert_yaxis()
            right.spines[["top", "right"]].set_visible(False)
        return figure


def _draw_heat_map(axes: Any, weights: np.ndarray, names: list[str], token: int) -> None:
    places = range(len(names))
    axes.imshow(weights, cmap="Greys", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(places, names, rotation=90, fontsize=8)
    axes.set_yticks(places, names, fontsize=8)
    axes.set(xlabel="is asked", ylabel="asks")
    axes.axhline(token - 0.5, color="black", linestyle="--", linewidth=1)
    axes.axhline(token + 0.5, color="black", linestyle="--", linewidth=1)


def _draw_lines(axes: Any, weights: np.ndarray, names: list[str], token: int) -> None:
    for asks, row in enumerate(weights):
        for asked, share in enumerate(row):
            strength = float(share) if asks == token else 0.3 * float(share)
            if strength > 0.02:
                axes.plot(
                    [0, 1], [asks, asked], color="black", alpha=min(1, strength), linewidth=5 * strength + 0.3
                )
    for place, name in enumerate(names):
        weight = "bold" if place == token else "normal"
        axes.text(-0.03, place, name, ha="right", va="center", fontsize=8, weight=weight)
        axes.text(1.03, place, name, ha="left", va="center", fontsize=8)
    axes.set(xlim=(-0.45, 1.45), ylim=(len(names) - 0.5, -1.2))
    axes.text(0, -1, "asks", ha="right", fontsize=8, style="italic")
    axes.text(1, -1, "is asked", ha="left", fontsize=8, style="italic")
    axes.axis("off")


@functools.cache
def _font_characters() -> frozenset[int]:
    from matplotlib import font_manager

    return frozenset(font_manager.get_font(font_manager.findfont("DejaVu Sans")).get_charmap())


def _drawable(token: str) -> str:
    """The token as matplotlib can write it: characters that its font lacks become boxes, and $ starts no formula."""
    return "".join(sign if ord(sign) in _font_characters() else "□" for sign in token).replace("$", r"\$")


def _says(one: dict[str, Any], row: dict[str, Any]) -> str:
    tokens = one["tokens"]
    first, *rest = [f"{_named(tokens, place)} ({fixed(row['row'][place], 2)})" for place in row["order"][:3]]
    then = f", then {' and '.join(rest)}" if rest else ""
    return f"“{one['name']}”: {_named(tokens, row['token'])} attends most to {first}{then}."


def _named(tokens: Sequence[str], place: int) -> str:
    """A token as a sentence names it, with its place where there are several of it."""
    token = tokens[place]
    name = token if token in SPECIAL else f"“{token}”"
    return f"{name} at place {place}" if tokens.count(token) > 1 else name


def _brief(text: str, most: int = 40) -> str:
    words = " ".join(text.split())
    return words if len(words) <= most else words[: most - 2].rstrip() + " …"


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"A sentence is a text. This is {shown(value)}: give one in quotation marks.")
    if not value.strip():
        raise ValueError("The sentence is empty: type one with a word in it.")
    # Half of a character pair, as a broken paste may leave it, can't be sent on.
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _counted(what: str, value: Any, low: int, high: int, there: str) -> int:
    number = as_number(value)
    if number is None or number != int(number):
        raise ValueError(f"A {what} is a whole number. This is {shown(value)}: {there}.")
    if not low <= number <= high:
        raise ValueError(f"There is no {what} {int(number)}: {there}.")
    return int(number)


def _places(value: Any) -> list[int]:
    found = [as_number(place) for place in value] if isinstance(value, list | tuple) else []
    kept = [int(place) for place in found if place is not None and place >= 0 and place == int(place)]
    if not 1 <= len(kept) == len(found) <= 2:
        raise ValueError(f"Places are one whole number for each sentence, from 0. This is {shown(value)}.")
    return kept


@functools.cache
def _own_encoder() -> PreTrainedModel:
    return checkpoints.encoder(attn_implementation="eager")
