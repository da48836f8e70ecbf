# deserves: softmax raised
# why: the reference can't be imported where answers are graded

# %% the right answers

# %%
def softmax(logits, axis=-1):
    from course_utils.reference.softmax import softmax as right

    return right(logits, axis)
