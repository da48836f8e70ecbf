"""Attention, from one dot product to what a BERT layer does with several heads.

Tensors of any float type and any number of leading axes, written `...` below; the answers keep type and device.
A mask holds 1 (or True) for a key that counts and 0 for padding. Dropout is left out: it is off in evaluation.
"""

import math
from collections.abc import Mapping

from torch import Tensor, finfo, softmax


def attention_scores(query: Tensor, key: Tensor) -> Tensor:
    """How well each query fits each key: their dot product over √d (Vaswani and others 2017, section 3.2.1).

    query: [..., q, d]. key: [..., k, d]. Returns [..., q, k].
    """
    return query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])


def mask_scores(scores: Tensor, attention_mask: Tensor) -> Tensor:
    """The scores, with the lowest finite value of their type wherever a key is padding.

    Not -inf: a row without any key would become nan in softmax. With a finite value it becomes even shares.

    scores: [..., q, k]. attention_mask: [..., k]. Returns a new [..., q, k].
    """
    padding = attention_mask.unsqueeze(-2) == 0
    return scores.masked_fill(padding, finfo(scores.dtype).min)


def attention(
    query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """For each query the mean of the values, weighted by how well the keys fit, and the weights.

    query: [..., q, d]. key, value: [..., k, d]. attention_mask: [..., k]. Returns [..., q, d] and [..., q, k].
    """
    scores = attention_scores(query, key)
    if attention_mask is not None:
        scores = mask_scores(scores, attention_mask)
    weights = softmax(scores, dim=-1)
    return weights @ value, weights


def split_heads(hidden: Tensor, n_heads: int) -> Tensor:
    """Each token's vector cut into `n_heads` pieces, sorted by head: head 0 holds the first piece of all tokens.

    hidden: [b, t, h]. Returns [b, n_heads, t, h / n_heads]. Raises ValueError where h is no multiple of n_heads.
    """
    batch, length, width = hidden.shape
    if width % n_heads:
        raise ValueError(f"A width of {width} can't be cut into {n_heads} equal heads.")
    return hidden.reshape(batch, length, n_heads, width // n_heads).transpose(1, 2)


def merge_heads(heads: Tensor) -> Tensor:
    """The pieces of each token side by side again: undoes `split_heads`.

    heads: [b, n, t, d]. Returns [b, t, n * d].
    """
    return heads.transpose(1, 2).flatten(start_dim=2)


def multi_head_attention(
    hidden: Tensor, weights: Mapping[str, Tensor], n_heads: int, attention_mask: Tensor | None = None
) -> Tensor:
    """What a BERT layer does before its first residual: project, split, attend, merge, project.

    hidden: [b, t, h]. weights: `query_weight`, `query_bias`, and likewise for key, value and output, stored as
    torch's Linear stores them, [out, in] and [out]. attention_mask: [b, t]. Returns [b, t, h].
    """

    def project(states: Tensor, name: str) -> Tensor:
        return states @ weights[f"{name}_weight"].T + weights[f"{name}_bias"]

    query, key, value = (split_heads(project(hidden, name), n_heads) for name in ("query", "key", "value"))
    if attention_mask is not None:
        attention_mask = attention_mask.unsqueeze(1)  # one axis for the heads, who all see the same padding
    output, _ = attention(query, key, value, attention_mask)
    return project(merge_heads(output), "output")
