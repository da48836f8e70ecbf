# deserves: softmax wrong
# why: nan is no probability

# %% the right answers

# %%
import numpy as np


def softmax(logits, axis=-1):
    return np.full(np.shape(logits), np.nan)
