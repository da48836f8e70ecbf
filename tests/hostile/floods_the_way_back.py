# deserves: softmax wrong
# why: more than can be read is refused, and counts against the answer that sent it

# %% the right answers

# %%
import os


def softmax(logits, axis=-1):
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b"x" * 4096)
        except OSError:
            pass
    return logits * 0.0
