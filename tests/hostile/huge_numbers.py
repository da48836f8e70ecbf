# deserves: softmax wrong
# why: a whole number of a million digits is no array

# %% the right answers

# %%
def softmax(logits, axis=-1):
    return [1 << 4_000_000]
