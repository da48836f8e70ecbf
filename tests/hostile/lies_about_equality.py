# deserves: softmax wrong
# why: an object that says it equals everything is no array: only data is compared

# %% the right answers

# %%
class Yes:
    shape = (2, 3)

    def __eq__(self, other):
        return True

    def __array__(self, *a, **k):
        raise TypeError

    def __abs__(self):
        return 0.0

    __hash__ = None


def softmax(logits, axis=-1):
    return Yes()
