# deserves: softmax wrong
# why: messages forged on the way out are read as data and judged as such: a wrong value stays wrong

# %%
import os, struct

for descriptor in range(3, 64):
    try:
        os.write(descriptor, struct.pack("!cII", b"R", 0, 2) + b"{}")
    except OSError:
        pass

# %% the right answers


# %%
def softmax(logits, axis=-1):
    return logits * 0.0
