"""Other right ways to write the exercises of lesson 1. None uses `course_utils`."""

import math

import numpy as np
import torch
import torch.nn.functional as F


def scores_einsum(query, key):
    return torch.einsum("...qd,...kd->...qk", query, key) * query.size(-1) ** -0.5


def scores_numpy_float64(query, key):
    return query.double().numpy() @ np.swapaxes(key.double().numpy(), -1, -2) / np.sqrt(query.shape[-1])


def scores_scaled_on_both_sides(query, key):
    root = query.shape[-1] ** 0.25
    return torch.matmul(query / root, (key / root).mT)


def scores_one_by_one(query, key):
    products = (query.unsqueeze(-2) * key.unsqueeze(-3)).sum(dim=-1)
    return (products / math.sqrt(query.shape[-1])).tolist()


def mask_where(scores, attention_mask):
    lowest = torch.tensor(torch.finfo(scores.dtype).min, dtype=scores.dtype)
    return torch.where(attention_mask[..., None, :].bool(), scores, lowest)


def mask_in_a_copy(scores, attention_mask):
    masked = scores.clone()
    masked[(attention_mask == 0).unsqueeze(-2).expand_as(scores)] = torch.finfo(scores.dtype).min
    return masked


def mask_mixed(scores, attention_mask):
    kept = attention_mask.unsqueeze(-2).to(scores.dtype)
    return scores * kept + (1 - kept) * torch.finfo(scores.dtype).min


def mask_as_float64_list(scores, attention_mask):
    lowest = torch.finfo(scores.dtype).min
    return torch.where(attention_mask.unsqueeze(-2) > 0, scores.double(), lowest).tolist()


def attention_by_minus_infinity(query, key, value, attention_mask=None):
    scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5
    if attention_mask is not None:
        scores = scores.masked_fill(~attention_mask.bool().unsqueeze(-2), float("-inf"))
    weights = F.softmax(scores, dim=-1)
    return [weights @ value, weights]


def attention_by_pytorch(query, key, value, attention_mask=None):
    mask = None if attention_mask is None else attention_mask.bool().unsqueeze(-2)
    identity = torch.eye(key.shape[-2]).expand(*key.shape[:-2], -1, -1)
    return tuple(F.scaled_dot_product_attention(query, key, v, attn_mask=mask) for v in (value, identity))


def attention_numpy_float64(query, key, value, attention_mask=None):
    query, key, value = (tensor.double().numpy() for tensor in (query, key, value))
    scores = np.einsum("...qd,...kd->...qk", query, key) / np.sqrt(query.shape[-1])
    if attention_mask is not None:
        scores = np.where(attention_mask.numpy()[..., None, :] == 0, -np.inf, scores)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    return weights @ value, weights


def attention_renormalised(query, key, value, attention_mask=None):
    weights = torch.softmax(query.double() @ key.double().mT / math.sqrt(query.shape[-1]), dim=-1)
    if attention_mask is not None:
        weights = weights * attention_mask.unsqueeze(-2)
        weights = weights / weights.sum(dim=-1, keepdim=True)
    return weights @ value.double(), weights


def split_by_chunks(hidden, n_heads):
    return torch.stack(hidden.chunk(n_heads, dim=-1), dim=1)


def split_by_view(hidden, n_heads):
    batch, length, width = hidden.size()
    return hidden.view(batch, length, n_heads, width // n_heads).permute(0, 2, 1, 3).contiguous()


def split_numpy(hidden, n_heads):
    return np.stack(np.split(hidden.numpy(), n_heads, axis=-1), axis=1)


def split_by_loops(hidden, n_heads):
    width = hidden.shape[-1] // n_heads
    return [[text[:, i * width : (i + 1) * width].tolist() for i in range(n_heads)] for text in hidden]


def merge_by_cat(heads):
    return torch.cat(list(heads.unbind(dim=1)), dim=-1)


def merge_contiguous(heads):
    batch, n_heads, length, width = heads.shape
    return heads.transpose(1, 2).contiguous().view(batch, length, n_heads * width)


def merge_numpy(heads):
    moved = np.moveaxis(heads.numpy(), 1, 2)
    return moved.reshape(*moved.shape[:2], -1)


def merge_einsum_lists(heads):
    return torch.einsum("bntd->btnd", heads).reshape(heads.shape[0], heads.shape[2], -1).double().tolist()


def multi_by_loop(hidden, weights, n_heads, attention_mask=None):
    q, k, v = (
        F.linear(hidden, weights[f"{n}_weight"], weights[f"{n}_bias"]) for n in ("query", "key", "value")
    )
    pieces = []
    for query, key, value in zip(*(x.chunk(n_heads, dim=-1) for x in (q, k, v)), strict=True):
        scores = query @ key.mT / math.sqrt(query.shape[-1])
        if attention_mask is not None:
            scores = scores + torch.where(attention_mask[:, None, :] == 0, -torch.inf, 0.0)
        pieces.append(scores.softmax(dim=-1) @ value)
    return F.linear(torch.cat(pieces, dim=-1), weights["output_weight"], weights["output_bias"])


def multi_by_pytorch(hidden, weights, n_heads, attention_mask=None):
    layer = torch.nn.MultiheadAttention(hidden.shape[-1], n_heads, batch_first=True)
    names = ("query", "key", "value")
    state = {
        "in_proj_weight": torch.cat([weights[f"{name}_weight"] for name in names]),
        "in_proj_bias": torch.cat([weights[f"{name}_bias"] for name in names]),
        "out_proj.weight": weights["output_weight"],
        "out_proj.bias": weights["output_bias"],
    }
    layer.load_state_dict(state)
    padding = None if attention_mask is None else attention_mask == 0
    return layer.train()(hidden, hidden, hidden, key_padding_mask=padding)[0]


def multi_numpy_float64(hidden, weights, n_heads, attention_mask=None):
    hidden = hidden.double().numpy()
    weights = {name: tensor.double().numpy() for name, tensor in weights.items()}
    batch, length, width = hidden.shape

    def heads(name):
        projected = hidden @ weights[f"{name}_weight"].T + weights[f"{name}_bias"]
        return projected.reshape(batch, length, n_heads, -1)

    scores = np.einsum("bqnd,bknd->bnqk", heads("query"), heads("key")) / np.sqrt(width / n_heads)
    if attention_mask is not None:
        scores[np.broadcast_to(attention_mask.numpy()[:, None, None] == 0, scores.shape)] = -np.inf
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares = shares / shares.sum(axis=-1, keepdims=True)
    merged = np.einsum("bnqk,bknd->bqnd", shares, heads("value")).reshape(batch, length, width)
    return merged @ weights["output_weight"].T + weights["output_bias"]


HONEST = {
    "attention_scores": (
        scores_einsum,
        scores_numpy_float64,
        scores_scaled_on_both_sides,
        scores_one_by_one,
    ),
    "mask_scores": (mask_where, mask_in_a_copy, mask_mixed, mask_as_float64_list),
    "attention": (
        attention_by_minus_infinity,
        attention_by_pytorch,
        attention_numpy_float64,
        attention_renormalised,
    ),
    "split_heads": (split_by_chunks, split_by_view, split_numpy, split_by_loops),
    "merge_heads": (merge_by_cat, merge_contiguous, merge_numpy, merge_einsum_lists),
    "multi_head_attention": (multi_by_loop, multi_by_pytorch, multi_numpy_float64),
}
"""By exercise name."""
