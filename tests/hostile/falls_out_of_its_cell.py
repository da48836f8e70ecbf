# deserves: everything correct
# why: a second process that goes on where its cell ends speaks for nobody

# %%
import os

os.fork()
os.fork()

# %% the right answers
