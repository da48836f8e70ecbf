# deserves: everything correct
# why: `os._exit` in a cell ends its process; the rest is run again without the cell

# %%
import os

os._exit(0)

# %% the right answers
