# deserves: softmax raised
# why: an answer that ends its process gives nothing back; the others are asked in another one

# %% the right answers

# %%
import os


def softmax(logits, axis=-1):
    os._exit(0)
