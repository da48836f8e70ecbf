# deserves: decode wrong
# why: memory that is shared by number ends with the process that made it; the wrong answer makes a second process look

# %% the right answers

# %%
import ctypes

library = ctypes.CDLL(None)
if library.shmget(4711, 0, 0) >= 0:
    raise RuntimeError("FORBIDDEN: an earlier process has left memory behind")
library.shmget(4711, 1 << 20, 0o1666)


# %%
def decode(logits, id2label):
    return ["nobody"] * len(logits)
