# deserves: decode raised
# why: `sys.exit` is an exception like any other, in a cell and in an answer

# %%
import sys

sys.exit(0)

# %% the right answers

# %%
import sys


def decode(logits, id2label):
    sys.exit(0)
