# deserves: everything correct
# why: what an answer prints is cut, and counts neither for nor against it

# %% the right answers

# %%
_right = softmax


def softmax(logits, axis=-1):
    for _ in range(20):
        print("x" * (1 << 20))
    return _right(logits, axis)
