# deserves: softmax raised
# why: without Python's limit the stack runs over and the process ends, this answer's alone

# %% the right answers

# %%
import sys


class Deep:
    def __getattr__(self, name):
        return getattr(self, name + "x")


def softmax(logits, axis=-1):
    sys.setrecursionlimit(10**9)
    return Deep().x
