"""Other right ways to do the exercises of lesson 2. Only `is_ideograph`, which the lesson hands out, is ours."""

import re
import unicodedata
from collections import UserDict, deque
from itertools import zip_longest

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
from torch.nn.utils.rnn import pad_sequence

from course_utils.given import is_ideograph


def normalize_with_the_library(text):
    words = pre_tokenizers.BertPreTokenizer().pre_tokenize_str(
        normalizers.BertNormalizer(lowercase=True).normalize_str(text)
    )
    return [word for word, _ in words]


def normalize_char_by_char(text):
    words, current = [], ""
    for char in unicodedata.normalize("NFD", text.lower()):
        kind = unicodedata.category(char)
        if kind == "Mn" or char == "\ufffd" or (kind in ("Cc", "Cf", "Co") and char not in "\t\n\r"):
            continue
        alone = kind[0] == "P" or (ord(char) < 127 and kind[0] == "S") or is_ideograph(char)
        if alone or char.isspace():
            words += [current] * bool(current) + [char] * alone
            current = ""
        else:
            current += char
    return (*words, *([current] if current else []))


def normalize_by_regular_expressions(text):
    text = re.sub(r"[\t\n\r]", " ", text)
    text = "".join(c for c in text if unicodedata.category(c) not in {"Cc", "Cf", "Co"} and c != "\ufffd")
    text = "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn").lower()
    alone = {c for c in text if unicodedata.category(c)[0] == "P" or c in "$+<=>^`|~" or is_ideograph(c)}
    if alone:
        text = re.sub("([" + "".join(map(re.escape, alone)) + "])", r" \1 ", text)
    return np.array(text.split(), dtype=object)


def wordpiece_by_recursion(word, vocab):
    if len(word) > 100:
        return ["[UNK]"]

    def rest(text, prefix):
        if not text:
            return []
        for end in range(len(text), 0, -1):
            if prefix + text[:end] in vocab:
                more = rest(text[end:], "##")
                return None if more is None else [prefix + text[:end], *more]
        return None

    return rest(word, "") or ["[UNK]"]


def wordpiece_by_lengths(word, vocab):
    pieces, left = [], word
    while left and len(word) <= 100:
        fits = [p for p in vocab if ("##" * bool(pieces) + left).startswith(p) and p != "##"]
        fits = [p for p in fits if p.startswith("##") == bool(pieces)]
        if not fits:
            return ("[UNK]",)
        pieces.append(max(fits, key=len))
        left = left[len(pieces[-1]) - 2 * (len(pieces) > 1) :]
    return tuple(pieces) or ("[UNK]",)


def wordpiece_with_the_library(word, vocab):
    numbered = {piece: index for index, piece in enumerate(sorted(vocab))}
    return Tokenizer(models.WordPiece(numbered, unk_token="[UNK]")).encode(word).tokens


def encode_popping(pieces_a, pieces_b, vocab, max_length):
    a, b = deque(pieces_a), deque(pieces_b or [])
    while len(a) + len(b) + (3 if pieces_b else 2) > max_length:
        (a if len(a) >= len(b) else b).pop()
    ids = ["[CLS]", *a, "[SEP]"]
    types = [0] * len(ids)
    if pieces_b:
        ids += [*b, "[SEP]"]
        types += [1] * (len(b) + 1)
    ids = [vocab[piece] if piece in vocab else vocab["[UNK]"] for piece in ids]
    return {"token_type_ids": types, "input_ids": ids, "attention_mask": [1] * len(ids)}


def encode_as_tensors(pieces_a, pieces_b, vocab, max_length):
    answer = encode_popping(pieces_a, pieces_b, vocab, max_length)
    return UserDict({name: torch.tensor(numbers) for name, numbers in answer.items()})


def encode_by_arithmetic(pieces_a, pieces_b, vocab, max_length):
    pairs = [pieces_a] if pieces_b is None else [pieces_a, pieces_b]
    room = max_length - 1 - len(pairs)
    if len(pairs) == 1:
        keep = [min(len(pieces_a), room)]
    else:
        half = room // 2
        keep = [min(len(pieces_a), max(room - len(pieces_b), half)), 0]
        keep[1] = min(len(pieces_b), room - keep[0])
    ids, types = [vocab["[CLS]"]], [0]
    for kind, (pieces, count) in enumerate(zip(pairs, keep, strict=True)):
        part = [*pieces[:count], "[SEP]"]
        ids += [vocab.get(piece, vocab["[UNK]"]) for piece in part]
        types += [kind] * len(part)
    return {"input_ids": np.array(ids), "token_type_ids": tuple(types)}


def pad_in_torch(sequences, pad_id=0):
    rows = [torch.tensor(row) for row in sequences]
    ids = pad_sequence(rows, batch_first=True, padding_value=pad_id)
    lengths = torch.tensor([len(row) for row in sequences])
    return {"input_ids": ids, "attention_mask": torch.arange(ids.shape[1]) < lengths[:, None]}


def pad_in_numpy(sequences, pad_id=0):
    ids = np.full((len(sequences), max(map(len, sequences))), pad_id)
    mask = np.zeros_like(ids)
    for row, numbers in enumerate(sequences):
        ids[row, : len(numbers)] = numbers
        mask[row, : len(numbers)] = 1
    return {"attention_mask": mask, "input_ids": ids}


def pad_by_zip(sequences, pad_id=0):
    none = object()
    columns = list(zip_longest(*sequences, fillvalue=none))
    rows = list(zip(*columns, strict=True))
    return UserDict(
        input_ids=[tuple(pad_id if item is none else item for item in row) for row in rows],
        attention_mask=[[float(item is not none) for item in row] for row in rows],
    )


def decode_by_replace(pieces):
    kept = [piece for piece in pieces if piece not in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")]
    return " ".join(kept).replace(" ##", "")


def decode_with_the_library(pieces):
    kept = [piece for piece in pieces if piece not in {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}]
    return decoders.WordPiece(cleanup=False).decode(kept)


def decode_by_words(pieces):
    words = []
    for piece in pieces:
        if piece in {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}:
            continue
        if piece[:2] == "##" and words:
            words[-1] += piece[2:]
        else:
            words.append(piece)
    return np.str_(" ".join(words))


def windows_by_range(ids, max_length, stride):
    room = max_length - 2
    starts = range(0, max(len(ids) - stride, 1), room - stride)
    return [[101, *ids[start : start + room], 102] for start in starts]


def windows_by_loop_in_numpy(ids, max_length, stride):
    found, start = [], 0
    while True:
        part = np.array(ids[start : start + max_length - 2], dtype=np.int64)
        found.append(np.concatenate([[101], part, [102]]))
        if start + max_length - 2 >= len(ids):
            return tuple(found)
        start += max_length - 2 - stride


def windows_by_recursion(ids, max_length, stride):
    room = max_length - 2
    first = torch.tensor([101, *ids[:room], 102])
    return [first] + (
        windows_by_recursion(ids[room - stride :], max_length, stride) if len(ids) > room else []
    )


HONEST_LESSON_2 = {
    "normalize": [normalize_with_the_library, normalize_char_by_char, normalize_by_regular_expressions],
    "wordpiece": [wordpiece_by_recursion, wordpiece_by_lengths, wordpiece_with_the_library],
    "encode": [encode_popping, encode_as_tensors, encode_by_arithmetic],
    "pad_batch": [pad_in_torch, pad_in_numpy, pad_by_zip],
    "decode_pieces": [decode_by_replace, decode_with_the_library, decode_by_words],
    "sliding_windows": [windows_by_range, windows_by_loop_in_numpy, windows_by_recursion],
}
