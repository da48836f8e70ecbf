# deserves: softmax raised
# why: Python's own limit ends it

# %% the right answers

# %%
def softmax(logits, axis=-1):
    return softmax(logits, axis)
