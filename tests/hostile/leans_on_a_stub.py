# deserves: decode raised
# why: it is written, and calls what is not: that does not mean that nobody has tried

# %% the right answers

# %%
def largest(logits):
    raise NotImplementedError("write largest here")


# %%
def decode(logits, id2label):
    return [id2label[int(index)] for index in largest(logits)]
