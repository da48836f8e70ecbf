# deserves: softmax wrong
# why: an answer without an end has no value to give

# %% the right answers

# %%
def softmax(logits, axis=-1):
    while True:
        pass
