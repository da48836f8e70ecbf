# deserves: softmax wrong
# why: the first input is asked once more at the end: an answer must not depend on what came before

# %% the right answers

# %%
_right = softmax
_calls = []


def softmax(logits, axis=-1):
    _calls.append(1)
    return _right(logits, axis) + (0.25 if len(_calls) > 5 else 0.0)
