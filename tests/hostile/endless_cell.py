# deserves: everything correct
# why: a cell without an end is stopped, and the answers beside it stand

# %%
while True:
    pass

# %% the right answers
