# deserves: softmax wrong
# why: a large output is read, and is wrong by its shape

# %% the right answers

# %%
import numpy as np


def softmax(logits, axis=-1):
    return np.zeros(1_000_000)
