# deserves: softmax wrong
# why: whole numbers are no probabilities

# %% the right answers

# %%
def softmax(logits, axis=-1):
    return logits.astype(int)
