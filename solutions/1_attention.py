# %% [markdown]
# # 1 · Attention
#
# {{COLAB_BADGE}}
#
# About 75 minutes.
#
# A BERT reads a sentence and gives a vector for each word. *Attention* is the part of it in which words look at each other. This lesson builds it from a single dot product, until you have one whole layer of a real BERT, and your numbers are its numbers.
#
# **When you are done, you can**
#
# - say how a text becomes vectors, and why a word needs its neighbours;
# - write attention: scores, mask, softmax, weighted mean;
# - say why scores are divided by √d, and what goes wrong with a careless mask;
# - split vectors into heads, and merge them again without mixing up tokens;
# - rebuild a BERT layer from its weights, and look at what its heads attend to;
# - say what a long text costs.
#
# There are six exercises. Each has a check that tells you *what* went wrong, and hints that go up a ladder. No cell needs an exercise solved before it, so skip what you like.

# %%
# {{SETUP}}

# %%
import math

import torch
from torch.nn.functional import cosine_similarity, gelu, scaled_dot_product_attention

from course_utils import cost, plots_attention
from course_utils.assets import checkpoints
from course_utils.exercises import lesson_1 as ex
from course_utils.widgets import AttentionExplorer, ScaleExplorer

torch.set_printoptions(precision=2, sci_mode=False)

# %% [markdown]
# The lesson's own cells use these ready-made versions of what you will write. You can read any of them with `??`, but try the exercise first.

# %%
from course_utils.reference.attention import attention as reference_attention
from course_utils.reference.attention import attention_scores as reference_scores
from course_utils.reference.attention import multi_head_attention as reference_multi_head
from course_utils.reference.attention import split_heads as reference_split

# %% [markdown]
# ## 1 · From words to vectors
#
# First the model: a real BERT with six layers, and the tokenizer that goes with it.

# %% tags=["nbval-check-output"]
tokenizer = checkpoints.tokenizer()
encoder = checkpoints.encoder()
config = encoder.config
print(
    config.num_hidden_layers, "layers,", config.num_attention_heads, "heads, vectors of", config.hidden_size
)

# %% [markdown]
# A model can't read letters. The tokenizer cuts the text into **tokens** and gives each its number. (Lesson 2 shows how.)

# %% tags=["nbval-check-output"]
sentence = "the cat sat on the mat because it was tired ."
inputs = tokenizer(sentence, return_tensors="pt").to(encoder.device)
tokens = tokenizer.convert_ids_to_tokens(inputs["input_ids"][0])
print(tokens)
print(inputs["input_ids"][0].tolist())

# %% [markdown]
# `[CLS]` and `[SEP]` mark the start and the end. Note that both *the* have the same number.
#
# **Predict first.** Three tables turn numbers into vectors: one for the token, one for its position, one for the part of the text it belongs to. How many rows does each have?

# %% tags=["nbval-check-output"]
embeddings = encoder.embeddings
for name in ("word_embeddings", "position_embeddings", "token_type_embeddings"):
    print(f"{name:22}", tuple(getattr(embeddings, name).weight.shape))

# %% [markdown]
# One row for each of 30,522 tokens, 512 positions and 2 segments. (The segments tell apart two texts that are read together, such as a question and its answer.) A row is a list of 384 numbers.
#
# A token's first vector is the *sum* of three rows. Then it is normalised, of which more later. Nothing else:

# %% tags=["nbval-check-output"]
ids = inputs["input_ids"]
positions = torch.arange(ids.shape[1]).to(ids)
with torch.no_grad():
    summed = embeddings.word_embeddings(ids) + embeddings.position_embeddings(positions)
    summed = summed + embeddings.token_type_embeddings(torch.zeros_like(ids))
    start = embeddings.LayerNorm(summed)
    print("the same as the model's:", torch.allclose(start, embeddings(ids), atol=1e-5))
print("shape:", tuple(start.shape), " one text, 13 tokens, 384 numbers each")

# %% [markdown]
# So far each token has been looked up *by itself*. No token knows of any other. To the model, the first *the* and the second differ only in their position.
#
# ## 2 · A word needs its neighbours
#
# A *bank* can be the edge of a river, or a place for money. Here are two sentences of each kind. In all four, *bank* is the second word.

# %%
texts = [
    "the bank of the river was muddy .",
    "the bank of the lake was green .",
    "the bank lent us the money .",
    "the bank charged us a fee .",
]


def vectors_of_bank(text):
    batch = tokenizer(text, return_tensors="pt").to(encoder.device)
    with torch.no_grad():
        states = encoder(**batch, output_hidden_states=True).hidden_states
    return torch.stack([state[0, 2] for state in states])  # token 2, after [CLS] and "the"


# %% [markdown]
# `states` holds all vectors before the first layer, after the first, after the second, and so on.
#
# We compare two vectors by their **cosine similarity**: 1 if they point the same way, 0 if they have nothing to do with each other.
#
# **Predict first.** Take *bank* of the river and *bank* of the money. How similar are their two vectors before the first layer? And after the last?

# %% tags=["nbval-check-output"]
bank = torch.stack([vectors_of_bank(text) for text in texts])
for name, step in (("before the first layer", 0), ("after the last layer", -1)):
    print(name)
    print(cosine_similarity(bank[:, None, step], bank[None, :, step], dim=-1).cpu())

# %% [markdown]
# Before the first layer all four are the same vector: same row of the table, same position. After the last, the two at the water agree (0.94), and so do the two with money (0.94). Across the two meanings it is about 0.80.
#
# The layers have told them apart, and the only thing that differs is the neighbours. Here is how it happens, layer by layer:

# %% tags=["nbval-check-output"]
alike = cosine_similarity(bank[0], bank[1], dim=-1).tolist()
different = cosine_similarity(bank[0], bank[2], dim=-1).tolist()
plots_attention.lines(
    range(7),
    {"river and lake": alike, "river and money": different},
    "layers passed",
    "cosine similarity",
)

# %% [markdown]
# How does a vector learn of its neighbours? That is all the rest of this lesson.
#
# ## 3 · Ask, match, fetch
#
# Think of a token as asking a question of all tokens. Three vectors are made of each token:
#
# - its **query**: what it is looking for;
# - its **key**: what it can be found by;
# - its **value**: what it hands over when it is found.
#
# A query and a key fit if their **dot product** is large: multiply number by number, add up. Let us take tiny vectors that we can read. Say the first number stands for "animal" and the second for "place".

# %% tags=["nbval-check-output"]
words = ["cat", "mat", "it"]
key = torch.tensor([[4.0, 0.0], [0.0, 4.0], [1.0, 1.0]])
query_of_it = torch.tensor([3.0, 1.0])  # looks for an animal, rather than a place
for word, k in zip(words, key, strict=True):
    print(f"{word}: 3 × {k[0]:.0f} + 1 × {k[1]:.0f} =", (query_of_it @ k).item())

# %% [markdown]
# *it* fits *cat* best. Softmax turns these scores into shares of one 1, the **weights**: it raises $e$ to each and divides by the sum. (Lesson 4 takes softmax apart.)
#
# What *it* gets in the end is the mean of all values, each weighted by its share. With scores of 12, 4 and 4 there is not much left to share:

# %% tags=["nbval-check-output"]
value = torch.tensor([[10.0, 0.0], [0.0, 10.0], [5.0, 5.0]])
shares = torch.softmax(key @ query_of_it, dim=0)
print("weights:      ", shares)
print("weighted mean:", shares @ value)

# %% [markdown]
# It looks a word up, like a dictionary, but softly: every entry answers, in proportion to how well it fits.
#
# ### All dot products at once
#
# Every token asks, so there are many queries. Put them into the rows of a matrix, and the keys into the rows of another. One matrix product gives all dot products:
#
# $$ \text{scores} = \frac{Q K^\top}{\sqrt d} $$
#
# Row $i$ holds the scores of query $i$; column $j$ those with key $j$. The $d$ is the width of the vectors. **Why divide by its root?** Let us draw vectors at random, and look at how large their dot products get.
#
# **Predict first.** The vectors get 16 times as wide. How many times as far do the dot products spread?

# %% tags=["nbval-check-output"]
generator = torch.Generator().manual_seed(0)
widths = [4, 16, 64, 256, 1024]
rows = {width: torch.randn(2, 4000, width, generator=generator) for width in widths}
for width, (q, k) in rows.items():
    print(f"width {width:4}: dot products spread by about {(q * k).sum(dim=-1).std():.1f}")

# %% [markdown]
# Four times: each is a sum of $d$ random terms, and such a sum spreads like $\sqrt d$.
#
# What does softmax make of that? Let one query meet ten random keys. The next cell prints the share of the winner, averaged over many tries. Beside it stands the **entropy**: 2.30 if all ten get the same, 0 if one takes all.


# %%
def winner_and_entropy(scores):
    shares = torch.softmax(scores, dim=-1)
    entropy = -(shares * shares.clamp_min(1e-30).log()).sum(dim=-1)
    return shares.max(dim=-1).values.mean().item(), entropy.mean().item()


# %% tags=["nbval-check-output"]
found = {}
for width, (q, k) in rows.items():
    scores = torch.einsum("nd,nkd->nk", q[:400], k.unflatten(0, (400, 10)))
    found[width] = winner_and_entropy(scores) + winner_and_entropy(scores / math.sqrt(width))
    print("width {:4}: winner {:.2f}, entropy {:.2f}   after √d: {:.2f}, {:.2f}".format(width, *found[width]))

# %% tags=["nbval-check-output"]
unscaled, scaled = [found[w][0] for w in widths], [found[w][2] for w in widths]
plots_attention.lines(
    range(2, 11, 2),
    {"as they are": unscaled, "divided by √d": scaled},
    "the vectors are 2 to the power of … wide",
    "share of the winner",
)

# %% [markdown]
# Without the division, wide vectors give nearly everything to one key, whichever happens to win. That is bad for two reasons. The mean is no longer a mean. And where softmax is this sure, small changes of the scores change nothing, so training has nothing to go by. The division keeps the picture the same at any width.
#
# Here is one such meeting to move, with vectors 64 wide and scores as they are.
#
# **Predict first.** You divide by √d. Can another key win? And what becomes of the winner's share? Try it at 64 and at 1024.

# %% tags=["demo"]
ScaleExplorer(width=64, scaled=False)

# %% [markdown]
# All scores are divided by the same number, so their order stays, and so does the winner. Its share drops from nearly everything to something like a third, at either width.
#
# ### Exercise · scores (1 point)
#
# Write `attention_scores(query, key)` for tensors `[..., q, d]` and `[..., k, d]`. It gives the scaled dot products, `[..., q, k]`. The dots stand for any number of axes in front: none, a batch, a batch and heads.
#
# Check it as often as you like. `ex.attention_scores.hint()` gives a nudge, and a bigger one each time.


# %%
def attention_scores(query, key):
    """Scaled dot products: one row for each query, one column for each key."""
    ### BEGIN SOLUTION
    return query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    ### END SOLUTION


# %% tags=["raises-exception", "nbval-check-output"]
ex.attention_scores.check(attention_scores)

# %% [markdown]
# Yours beside the reference, on the tiny keys above and a query for each word:

# %%
query = torch.tensor([[1.0, 0.0], [0.0, 1.0], [3.0, 1.0]])
ex.attention_scores.beside(attention_scores, query, key)

# %% [markdown]
# <details><summary>What a check says to a product without the division</summary>
#
# *"The values differ from what was expected for two queries and three keys … It looks as if the dot products are not scaled. Next: by what should they be divided, so that wider vectors don't give larger scores?"*
# </details>
#
# ## 4 · Padding must not count
#
# Texts of one batch must have one length. The shorter ones are filled up with `[PAD]`, and the **attention mask** says which tokens are real:

# %% tags=["nbval-check-output"]
batch = tokenizer([texts[3], sentence], padding=True, return_tensors="pt").to(encoder.device)
print(tokenizer.convert_ids_to_tokens(batch["input_ids"][0]))
print(batch["attention_mask"][0].tolist())

# %% [markdown]
# Padding has vectors like everything else, so it has keys, and it would be attended to. Does it matter? We compare the `[CLS]` vector of the first text alone with the one from the batch, with the mask and without.

# %% tags=["nbval-check-output"]
alone = tokenizer(texts[3], return_tensors="pt").to(encoder.device)
with torch.no_grad():
    first = encoder(**alone).last_hidden_state[0, 0]
    with_mask = encoder(**batch).last_hidden_state[0, 0]
    without = encoder(input_ids=batch["input_ids"]).last_hidden_state[0, 0]
print(f"with the mask: {cosine_similarity(first, with_mask, dim=0):.2f}")
print(f"without it:    {cosine_similarity(first, without, dim=0):.2f}")

# %% [markdown]
# With the mask the text has the same vector as alone. Without it, the vector is another one, and *which* one depends on how long the other text of the batch is.
#
# So how do we take a key out? Here are the scores of one query with four keys, the last two of them padding.
#
# **Predict first.** Somebody sets the scores of padding to 0. How much weight does padding get?

# %% tags=["nbval-check-output"]
scores = torch.tensor([2.0, 1.0, 5.0, 4.0])
padding = torch.tensor([False, False, True, True])
shares = torch.softmax(scores.masked_fill(padding, 0.0), dim=-1)
print("weights:", shares, f" to padding: {shares[2:].sum():.2f}")

# %% [markdown]
# A sixth. $e^0$ is 1, so 0 is a score like any other. If the real keys had scores below 0, padding would even win.
#
# To get no weight at all, a score must be very low. What about $-\infty$?

# %% tags=["nbval-check-output"]
print("two masked: ", torch.softmax(scores.masked_fill(padding, -torch.inf), dim=-1))
print("all masked: ", torch.softmax(torch.full((4,), -torch.inf), dim=-1))

# %% [markdown]
# It works, until a whole row is masked: an empty text, or two masks that together leave nothing. Then softmax computes $-\infty - (-\infty)$, and that is `nan`. One `nan` spreads to every number that it is added to.
#
# The safe choice is the lowest *finite* value. Each type of float has its own:

# %% tags=["nbval-check-output"]
for dtype in (torch.float32, torch.bfloat16, torch.float16):
    print(f"{dtype!s:15} {torch.finfo(dtype).min:.4g}")
lowest = torch.finfo(scores.dtype).min
print("two masked: ", torch.softmax(scores.masked_fill(padding, lowest), dim=-1))
print("all masked: ", torch.softmax(torch.full((4,), lowest), dim=-1))

# %% [markdown]
# The same where it matters. And a row without any key gets even shares: meaningless, but harmless, since nobody reads it.
#
# ### Exercise · mask the padding (1 point)
#
# Write `mask_scores(scores, attention_mask)` for scores `[..., q, k]` and a mask `[..., k]` of ones and zeros. Where the mask is 0, every query's score becomes the lowest finite value of the scores' type. It *replaces* the score; adding it would go wrong for a score that is that low already.
#
# The input must stay as it is: give a new tensor.


# %%
def mask_scores(scores, attention_mask):
    """The scores, with padded keys at the lowest finite value."""
    ### BEGIN SOLUTION
    padding = attention_mask.unsqueeze(-2) == 0
    return scores.masked_fill(padding, torch.finfo(scores.dtype).min)
    ### END SOLUTION


# %% tags=["raises-exception", "nbval-check-output"]
ex.mask_scores.check(mask_scores)

# %%
ex.mask_scores.beside(mask_scores, torch.tensor([[2.0, 1.0, 5.0], [0.0, 3.0, 1.0]]), torch.tensor([1, 1, 0]))

# %% [markdown]
# ## 5 · Attention, whole
#
# Now the pieces fall into place:
#
# $$ \text{attention}(Q, K, V) = \text{softmax}\!\left(\frac{Q K^\top}{\sqrt d}\right) V $$
#
# One more trap first. The weights of *one query* must sum to 1.
#
# **Predict first.** The scores have the shape [queries, keys]. Along which axis does softmax run?

# %% tags=["nbval-check-output"]
scores = reference_scores(query, key)
for axis in (-1, -2):
    print(f"dim={axis}: one row sums to", torch.softmax(scores, dim=axis).sum(dim=-1))

# %% [markdown]
# Along the last, where the keys are.
#
# ### Exercise · attention (3 points)
#
# Write `attention(query, key, value, attention_mask=None)`. It returns two tensors: the output `[..., q, d]` and the weights `[..., q, k]`. Without a mask, every key counts.


# %%
def attention(query, key, value, attention_mask=None):
    """For each query the weighted mean of the values, and the weights."""
    ### BEGIN SOLUTION
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if attention_mask is not None:
        padding = attention_mask.unsqueeze(-2) == 0
        scores = scores.masked_fill(padding, torch.finfo(scores.dtype).min)
    weights = torch.softmax(scores, dim=-1)
    return weights @ value, weights
    ### END SOLUTION


# %% tags=["raises-exception", "nbval-check-output"]
ex.attention.check(attention)

# %%
ex.attention.beside(attention, query, key, value, torch.tensor([1, 1, 0]))

# %% [markdown]
# <details><summary>What a check says if the mask comes after softmax</summary>
#
# *"The weights of one query must sum to 1 over its keys; in yours, one row sums to … It looks as if the weights of padded keys are set to 0 after softmax, so that the others no longer sum to 1."*
# </details>
#
# PyTorch has the same function ready. Is it the same?

# %% tags=["nbval-check-output"]
output, weights = reference_attention(query, key, value)
theirs = scaled_dot_product_attention(query[None], key[None], value[None])[0]
print("the same to 1e-6:", torch.allclose(output, theirs, rtol=0, atol=1e-6))

# %% [markdown]
# ### Attention doesn't know about order
#
# **Predict first.** We shuffle keys and values together. What becomes of the output?

# %% tags=["nbval-check-output"]
order = [2, 0, 1]
shuffled, _ = reference_attention(query, key[order], value[order])
print("changed by at most", round((shuffled - output).abs().max().item(), 2))

# %% [markdown]
# Nothing. A mean has no order. To attention, *the dog bit the man* and *the man bit the dog* are the same bag of words. That is what the position embeddings of section 1 are for. Nothing else in BERT knows which word comes first.
#
# ## 6 · Several heads
#
# A word may need several things at once: its subject, its adjective, the word before it. One softmax can point to one thing. So BERT has several **heads**: each vector of 384 numbers is cut into 12 pieces of 32, and each piece attends on its own.
#
# To let all heads work in one product, the axes are arranged as [batch, heads, tokens, width of a head]. This is where most people trip. Two tokens of width 4, to be cut for two heads:

# %% tags=["nbval-check-output"]
two_tokens = torch.tensor([[[1, 2, 3, 4], [5, 6, 7, 8]]])
print("head 0 should hold [1, 2] and [5, 6]")
print("view gives it", two_tokens.view(1, 2, 2, 2)[0, 0].tolist())

# %% [markdown]
# The shape is right, and the numbers are wrong: head 0 has got the whole first token. `view` moves nothing; it reads the numbers in the order they lie. No error, no warning. The model runs and is bad.
#
# ### Exercise · split into heads (1 point)
#
# Write `split_heads(hidden, n_heads)`, from `[b, t, h]` to `[b, n_heads, t, h / n_heads]`. Head 0 holds the first piece of every token, head 1 the second, and so on.


# %%
def split_heads(hidden, n_heads):
    """Each token's vector cut into pieces, sorted by head."""
    ### BEGIN SOLUTION
    batch, length, width = hidden.shape
    return hidden.reshape(batch, length, n_heads, width // n_heads).transpose(1, 2)
    ### END SOLUTION


# %% tags=["raises-exception", "nbval-check-output"]
ex.split_heads.check(split_heads)

# %%
ex.split_heads.beside(split_heads, two_tokens, 2)

# %% [markdown]
# Afterwards the pieces are put together again.
#
# ### Exercise · merge the heads (1 point)
#
# Write `merge_heads(heads)`, from `[b, n, t, d]` to `[b, t, n * d]`. It undoes the split.


# %%
def merge_heads(heads):
    """The pieces of each token side by side again."""
    ### BEGIN SOLUTION
    batch, n_heads, length, width = heads.shape
    return heads.transpose(1, 2).reshape(batch, length, n_heads * width)
    ### END SOLUTION


# %% tags=["raises-exception", "nbval-check-output"]
ex.merge_heads.check(merge_heads)

# %%
ex.merge_heads.beside(merge_heads, reference_split(two_tokens, 2))

# %% [markdown]
# ## 7 · The weights of a real layer
#
# Where do queries, keys and values come from? From three **linear layers**: each multiplies the token's vector by a matrix and adds a bias. These matrices are what training has found. A fourth one, the output projection, mixes the heads' results.
#
# Here they are, from the first layer of our BERT:


# %% tags=["nbval-check-output"]
def attention_weights(layer):
    own, output = layer.attention.self, layer.attention.output.dense
    linears = {"query": own.query, "key": own.key, "value": own.value, "output": output}
    weights = {}
    for name, linear in linears.items():
        weights[f"{name}_weight"] = linear.weight.detach()
        weights[f"{name}_bias"] = linear.bias.detach()
    return weights


for name, tensor in attention_weights(encoder.encoder.layer[0]).items():
    print(f"{name:13}", tuple(tensor.shape))

# %% [markdown]
# PyTorch stores a linear layer's weight as [out, in], so it computes $x W^\top + b$. Our matrices are square: forget to turn one, and nothing complains.
#
# **Predict first.** With 12 heads instead of one, does the layer have more weights, fewer, or as many?

# %% [markdown]
# As many. The heads share the 384 numbers out among themselves.
#
# ### Exercise · multi-head attention (3 points)
#
# Write `multi_head_attention(hidden, weights, n_heads, attention_mask=None)`, with `weights` as above and a mask `[b, t]`. Project three times, split, attend, merge, project once more. It returns `[b, t, h]`.


# %%
def multi_head_attention(hidden, weights, n_heads, attention_mask=None):
    """What a BERT layer does first: every token looks at every other, with several heads."""
    ### BEGIN SOLUTION
    batch, length, width = hidden.shape

    def project(states, name):
        return states @ weights[f"{name}_weight"].T + weights[f"{name}_bias"]

    def heads(name):
        return project(hidden, name).reshape(batch, length, n_heads, -1).transpose(1, 2)

    scores = heads("query") @ heads("key").transpose(-2, -1) / math.sqrt(width // n_heads)
    if attention_mask is not None:
        padding = attention_mask[:, None, None, :] == 0
        scores = scores.masked_fill(padding, torch.finfo(scores.dtype).min)
    output = torch.softmax(scores, dim=-1) @ heads("value")
    return project(output.transpose(1, 2).reshape(batch, length, width), "output")
    ### END SOLUTION


# %% tags=["raises-exception", "nbval-check-output"]
ex.multi_head_attention.check(multi_head_attention)

# %% [markdown]
# Yours beside the reference, on the first layer of the real model:

# %%
weights = attention_weights(encoder.encoder.layer[0])
ex.multi_head_attention.beside(multi_head_attention, start, weights, 12)

# %% [markdown]
# And is it what the library computes?

# %% tags=["nbval-check-output"]
first_layer = encoder.encoder.layer[0]
with torch.no_grad():
    ours = reference_multi_head(start, weights, n_heads=12)
    theirs = first_layer.attention.output.dense(first_layer.attention.self(start)[0])
print("shape:", tuple(ours.shape), "  the same to 1e-5:", torch.allclose(ours, theirs, rtol=0, atol=1e-5))

# %% [markdown]
# ## 8 · One whole layer
#
# Attention is half of a layer. Three simple things make the rest.
#
# **Residual.** The result is *added* to the vector that came in. A layer only has to say what changes.
#
# **Layer norm.** Each token's 384 numbers are shifted to mean 0 and stretched to spread 1, then scaled and shifted by weights of its own. So numbers neither grow nor fade from layer to layer.


# %% tags=["nbval-check-output"]
def layer_norm(hidden, norm):
    mean = hidden.mean(dim=-1, keepdim=True)
    spread = (hidden.var(dim=-1, keepdim=True, correction=0) + norm.eps).sqrt()
    return (hidden - mean) / spread * norm.weight + norm.bias


with torch.no_grad():
    by_hand = layer_norm(summed, embeddings.LayerNorm)
print("the same as in section 1:", torch.allclose(by_hand, start, rtol=0, atol=1e-5))

# %% [markdown]
# **Feed-forward.** Each token by itself: a linear layer from 384 to 1,536 numbers, a bend (GELU, a smooth version of "nothing below 0"), and a linear layer back.
#
# Tokens exchange what they know in attention; each makes something of it in the feed-forward part. **Predict first:** which part has more weights?


# %% tags=["nbval-check-output"]
def count(*modules):
    return sum(weight.numel() for module in modules for weight in module.parameters())


print(f"attention:    {count(first_layer.attention.self, first_layer.attention.output.dense):9,}")
print(f"feed-forward: {count(first_layer.intermediate, first_layer.output.dense):9,}")

# %% [markdown]
# The feed-forward part has twice as many.
#
# Here is the whole layer. Put your own `multi_head_attention` in place of the reference, if you like.


# %%
def bert_layer(hidden, layer, n_heads, attention_mask=None):
    attended = reference_multi_head(hidden, attention_weights(layer), n_heads, attention_mask)
    hidden = layer_norm(hidden + attended, layer.attention.output.LayerNorm)

    def linear(states, dense):
        return states @ dense.weight.T + dense.bias

    bent = gelu(linear(hidden, layer.intermediate.dense))
    return layer_norm(hidden + linear(bent, layer.output.dense), layer.output.LayerNorm)


# %% [markdown]
# Now the test: two texts, one of them padded, through our layer and through the library's.

# %% tags=["nbval-check-output"]
with torch.no_grad():
    states = encoder(**batch, output_hidden_states=True).hidden_states
    ours = bert_layer(states[0], first_layer, 12, batch["attention_mask"])
real = batch["attention_mask"] == 1
difference = (ours - states[1])[real].abs().max().item()
print("one layer agrees to 1e-5: ", difference < 1e-5)

# %% [markdown]
# That is one whole layer of a real BERT, from a dozen lines that you can read. And the model is this layer, six times, with other weights each time:

# %% tags=["nbval-check-output"]
hidden = states[0]
with torch.no_grad():
    for layer in encoder.encoder.layer:
        hidden = bert_layer(hidden, layer, 12, batch["attention_mask"])
difference = (hidden - states[-1])[real].abs().max().item()
print("all six agree to 1e-5:    ", difference < 1e-5)

# %% [markdown]
# There is no more to the encoder than this.
#
# ## 9 · What do the heads look at?
#
# The library can hand out the weights of all heads: `output_attentions=True`. Let us ask.

# %% tags=["nbval-check-output"]
with torch.no_grad():
    outputs = encoder(**inputs, output_attentions=True)
print("attentions:", outputs.attentions)

# %% [markdown]
# An empty tuple. No error; at most a line of warning, which comes once and scrolls by. By default the library uses PyTorch's fast kernel, which never writes the weights down, so there is nothing to hand out. Many a tutorial breaks here with an `IndexError`.
#
# The remedy is to load the model with attention in plain steps, as we have written it. It is called **eager**:

# %% tags=["nbval-check-output"]
watched = checkpoints.encoder(attn_implementation="eager")
with torch.no_grad():
    outputs = watched(**inputs, output_attentions=True)
heads = torch.stack([layer[0] for layer in outputs.attentions]).cpu()
print("shape:", tuple(heads.shape), "  layers, heads, queries, keys")

# %% [markdown]
# Six layers of 12 heads, 72 in all. Here is one, in the first layer. Each row is a token that asks; the numbers are its weights. **What does this head do?**

# %% tags=["nbval-check-output"]
plots_attention.weights(heads[0, 2], tokens, "first layer, head 2")

# %% [markdown]
# It looks at the word before, whatever it is. Nobody has told it to. Since attention doesn't know about order, it must have found this in the position embeddings.
#
# Here are all 72, for this sentence or any that you type. In a small picture each row is a token that asks, as in the large one above. Choose a head, then go over the tokens on the left.
#
# **Things to try.** In layer 1, head 2 the dark cells lie just below the diagonal. Where would they lie if a head looked at the word *after*? Find the one that does it best. Then type another sentence: does it still?

# %% tags=["demo"]
AttentionExplorer(sentence, encoder=watched, tokenizer=tokenizer, layer=1, head=2, word="cat")

# %% [markdown]
# They would lie just above it. To be sure, we let a cell look for it, on two sentences:

# %% tags=["nbval-check-output"]
for text in (sentence, texts[0]):
    encoded = tokenizer(text, return_tensors="pt").to(watched.device)
    with torch.no_grad():
        found = torch.stack(watched(**encoded, output_attentions=True).attentions)[:, 0]
    to_next = found.diagonal(1, 2, 3)[..., 1:].mean(dim=-1)  # from the first word to the full stop
    layer, head = divmod(to_next.argmax().item(), 12)
    print(f"layer {layer + 1}, head {head}: {to_next[layer, head]:.2f} to the token after")

# %% [markdown]
# The same head for both. It is less strict than the one that looks back.
#
# In many of the small pictures the left edge is dark: whoever asks, the answer is `[CLS]`. How much of all attention is that? For each layer, let us see where the weight goes on average: to `[CLS]`, to the word before, to the token itself, to the word after, or elsewhere.

# %% tags=["nbval-check-output"]
to_cls = heads[:, :, 2:-1, 0]  # from "cat" to the full stop: each has a word before it and one after
before = heads.diagonal(-1, 2, 3)[..., 1:-1]
itself = heads.diagonal(0, 2, 3)[..., 2:-1]
after = heads.diagonal(1, 2, 3)[..., 2:]
table = torch.stack([part.mean(dim=(1, 2)) for part in (to_cls, before, itself, after)], dim=-1)
table = torch.cat([table, 1 - table.sum(dim=-1, keepdim=True)], dim=-1)
names = ["[CLS]", "word before", "itself", "word after", "elsewhere"]
plots_attention.portions(table, [f"layer {n}" for n in range(1, 7)], names, "share of the attention")

# %% [markdown]
# From the second layer to the fifth, half of all attention or more goes to `[CLS]`. Is the start of the sentence so informative?
#
# Remember what a token hands over when it is found: its *value*. **Predict first:** how long is the value vector of `[CLS]`, compared with those of the other tokens?

# %% tags=["nbval-check-output"]
with torch.no_grad():
    for number, layer in enumerate(watched.encoder.layer):
        values = reference_split(layer.attention.self.value(states[number][1:]), 12)[0]
        length = values.norm(dim=-1).mean(dim=0)
        print(f"layer {number + 1}: [CLS] {length[0]:.2f}, the others {length[1:].mean():.2f}")

# %% [markdown]
# Next to nothing. Softmax has to give its 1 to somebody. A head that has nothing to say for this token gives it to `[CLS]`, and fetches almost nothing. A large weight is not yet a large effect.
#
# ### *bank* once more
#
# In section 2 the vectors of two *banks* parted on their way through the layers. Here they are side by side, from the first layer on.
#
# **Predict first.** Before the first layer both *banks* are the same vector, so in each head they ask with the same query. Can their weights differ?
#
# **Things to try.** Go through the heads of layer 1. In which does the *bank* of the first sentence ask mostly for the river? What does the other *bank* attend to in that head?

# %% tags=["demo"]
AttentionExplorer(texts[0], watched, tokenizer, second=texts[2], layer=1, head=0, word="bank")

# %% tags=["nbval-check-output"]
river, money = (tokenizer(text, return_tensors="pt").to(watched.device) for text in (texts[0], texts[2]))
with torch.no_grad():
    ours, theirs = (watched.embeddings(encoded["input_ids"])[0, 2] for encoded in (river, money))
    print("the same vector:", torch.equal(ours, theirs))
    rows = [watched(**encoded, output_attentions=True).attentions[0][0, :, 2] for encoded in (river, money)]
head = rows[0][:, 5].argmax().item()  # token 5 of the first sentence is "river"
for encoded, row in zip((river, money), rows, strict=True):
    best = row[head].argmax()
    word = tokenizer.convert_ids_to_tokens(encoded["input_ids"][0, best].item())
    print(f"head {head}: bank attends most to {word}, {row[head, best]:.2f}")

# %% [markdown]
# One question, put to other neighbours: the keys differ, and with them the weights and what *bank* fetches. In the second sentence this head finds *us*, not *money*. Is it a head for what a bank has to do with? Two sentences are no proof, as the next head shows.
#
# ### Does a head know what *it* means?
#
# In the last layer, head 11 looks promising. Where does *it* look?


# %% tags=["nbval-check-output"]
def where_it_looks(text):
    batch = tokenizer(text, return_tensors="pt").to(watched.device)
    with torch.no_grad():
        row = watched(**batch, output_attentions=True).attentions[5][0, 11]
    words = tokenizer.convert_ids_to_tokens(batch["input_ids"][0])
    top = row[words.index("it")].topk(3)
    return ", ".join(f"{words[i]} {share:.2f}" for share, i in zip(top.values, top.indices, strict=True))


print(where_it_looks("the cat sat on the mat because it was tired ."))

# %% [markdown]
# At the cat! A head that resolves pronouns? **Try to prove it wrong** before you believe it. In the next sentence *it* must be the mat.

# %% tags=["nbval-check-output"]
print(where_it_looks("the cat sat on the mat because it was warm and soft ."))

# %% [markdown]
# Still the cat. The head looks for the subject of the sentence, or something near to that, and in the first example the two happened to be the same. Pictures of attention invite stories. Test the story on a sentence in which it would have to change.
#
# ## 10 · What a long text costs
#
# Every token looks at every token. **Predict first.** A text gets twice as long. How much larger does the table of weights get?
#
# We measure it, for eight texts and 12 heads: the time, and the size of the largest tensor that is made on the way. Beside it stands PyTorch's own version. It works through the table in blocks and never holds all of it.

# %%
lengths = [32, 64, 128, 256, 512]
ways = {"as we wrote it": reference_attention, "PyTorch's": scaled_dot_product_attention}
times, sizes = ({name: [] for name in ways} for _ in range(2))
for length in lengths:
    q, k, v = torch.randn(3, 8, 12, length, 32).to(encoder.device)
    for name, way in ways.items():
        times[name].append(cost.seconds(way, q, k, v) * 1000)
        sizes[name].append(cost.largest_tensor(way, q, k, v) / 2**20)

# %%
plots_attention.lines(lengths, sizes, "tokens in each text", "largest tensor (MiB)", doubling=True)

# %% [markdown]
# Ours: twice the length, four times the table. At 512 tokens it takes 96 MiB, in each of the layers. PyTorch's grows only as fast as the text.

# %% tags=["nbval-check-output"]
table_size = 8 * 12 * 512 * 512 * 4  # texts, heads, queries, keys, bytes of a float32
print("the table at 512 tokens:", table_size / 2**20, "MiB")
assert sizes["as we wrote it"][-1] == table_size / 2**20

# %% [markdown]
# And the time? These numbers are those of your machine:

# %%
plots_attention.lines(lengths, times, "tokens in each text", "milliseconds", doubling=True, digits=1)

# %% [markdown]
# The longer the texts, the closer each doubling comes to four times the time. PyTorch's kernel does the same arithmetic, so its time has to grow the same way in the end; but it moves far less memory about, and so takes a fraction of the time.
#
# This is a reason why BERT stops at 512 tokens, and why it pays to put texts of like length into one batch: a text that is padded to twice its length costs up to four times as much.
#
# ## Recap
#
# - A token's first vector is looked up: token, position and segment. It knows no neighbours.
# - **Attention** lets each token ask all others: queries meet keys in **dot products**, softmax makes shares of them, and the shares weigh the **values**.
# - Dividing by **√d** keeps softmax from giving everything to one key, however wide the vectors.
# - **Mask before softmax**, with the lowest finite value: 0 still gets a share, and −∞ in a whole row gives `nan`.
# - **Heads** are slices of the vectors. Cut the last axis, then transpose; `view` straight to the final shape mixes up the tokens.
# - A **layer** is attention and a feed-forward part, each with a residual and a layer norm. You have rebuilt one, and the model is six of them.
# - Attention weights need `attn_implementation="eager"`, and stories about them need a test.
# - The table of weights grows with the **square** of the length.
#
# ## Quiz
#
# Pick a choice, then open it: it says whether it is right, and why. By keyboard: Tab to a choice, Enter to open it. To have your answers kept with your progress, type them instead: `ex.quiz.answer(1, "b")`.

# %%
ex.quiz

# %% [markdown]
# ## Further reading
#
# - A. Vaswani and others, [Attention Is All You Need](https://arxiv.org/abs/1706.03762), 2017: section 3.2 is this lesson.
# - J. Devlin and others, [BERT](https://arxiv.org/abs/1810.04805), 2019: the model.
# - K. Clark and others, [What Does BERT Look At?](https://arxiv.org/abs/1906.04341), 2019: heads that look one word back, and heads that rest.
# - G. Kobayashi and others, [Attention is Not Only a Weight](https://arxiv.org/abs/2004.10102), 2020: why the length of the values matters.
# - S. Jain and B. Wallace, [Attention is not Explanation](https://arxiv.org/abs/1902.10186), 2019, and S. Wiegreffe and Y. Pinter, [Attention is not not Explanation](https://arxiv.org/abs/1908.04626), 2019.
# - T. Dao and others, [FlashAttention](https://arxiv.org/abs/2205.14135), 2022: the table that is never written down.
