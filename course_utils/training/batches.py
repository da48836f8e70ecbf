"""From texts to batches: pieces, padding, and which sentences go through the model together."""

from collections.abc import Iterator, Sequence

import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedTokenizerBase


def encode(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], max_length: int) -> list[torch.Tensor]:
    """Each text as a tensor of piece ids [length], length at most `max_length`, not padded."""
    texts = list(texts)
    if not texts:
        return []
    ids = tokenizer(texts, truncation=True, max_length=max_length)["input_ids"]
    return [torch.tensor(row) for row in ids]


def pad(examples: Sequence[torch.Tensor], pad_id: int) -> dict[str, torch.Tensor]:
    """Dynamic padding: input_ids and attention_mask [b, t], t being the longest of these examples, not of all."""
    lengths = torch.tensor([len(example) for example in examples])
    input_ids = pad_sequence(list(examples), batch_first=True, padding_value=pad_id)
    attention_mask = (torch.arange(input_ids.shape[1]) < lengths[:, None]).long()
    return {"input_ids": input_ids, "attention_mask": attention_mask}


def length_grouped(
    examples: Sequence[torch.Tensor], batch_size: int, generator: torch.Generator, pool: int = 50
) -> Iterator[list[int]]:
    """One epoch's batches of row numbers, in random order, each of sentences of like length.

    Rows are shuffled, then sorted by length within pools of `pool` batches: less padding, still random. Every row
    comes once; one batch may be smaller than the others.
    """
    shuffled = torch.randperm(len(examples), generator=generator).tolist()
    step = pool * batch_size
    pools = [shuffled[start : start + step] for start in range(0, len(shuffled), step)]
    rows = [row for part in pools for row in sorted(part, key=lambda row: len(examples[row]))]
    batches = [rows[start : start + batch_size] for start in range(0, len(rows), batch_size)]
    for index in torch.randperm(len(batches), generator=generator).tolist():
        yield batches[index]
