# deserves: softmax raised
# why: 20 GB can't be had: the limit gives a MemoryError, and the machine keeps its memory

# %%
hoard = bytearray(20 << 30)

# %% the right answers

# %%
import numpy as np


def softmax(logits, axis=-1):
    return np.ones(20 << 27)
