# deserves: softmax wrong
# why: a list too large to be read is no value

# %% the right answers

# %%
def softmax(logits, axis=-1):
    return [0.5] * 1_000_000
