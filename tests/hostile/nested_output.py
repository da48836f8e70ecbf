# deserves: softmax wrong
# why: a list in a list in a list has an end

# %% the right answers

# %%
def softmax(logits, axis=-1):
    value = []
    for _ in range(300):
        value = [value]
    return value
