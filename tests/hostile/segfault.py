# deserves: softmax raised
# why: a segmentation fault ends one process: in a cell the rest is run again, in an answer the answer is lost

# %%
import ctypes

ctypes.string_at(0)

# %% the right answers

# %%
import ctypes


def softmax(logits, axis=-1):
    return ctypes.string_at(0)
