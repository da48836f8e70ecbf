# deserves: softmax raised
# why: there is nobody to ask

# %%
name = input("Your name? ")

# %% the right answers


# %%
def softmax(logits, axis=-1):
    return input("What is it? ")
