# deserves: everything correct
# why: a cell that catches its own interruption is left out, and the rest is run again without it

# %%
while True:
    try:
        while True:
            pass
    except BaseException:
        pass

# %% the right answers
