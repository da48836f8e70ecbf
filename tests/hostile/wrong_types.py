# deserves: softmax wrong, decode wrong, macro_f1 wrong
# why: text, a generator and a class are none of the values asked for

# %% the right answers

# %%
def softmax(logits, axis=-1):
    return "half"


def decode(logits, id2label):
    return (label for label in id2label.values())


def macro_f1(matrix):
    return float
