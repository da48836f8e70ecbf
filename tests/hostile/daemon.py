# deserves: everything correct
# why: a daemon ends when the process that it came from ends

# %%
import os, time

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True:
            time.sleep(60)
    os._exit(0)

# %% the right answers
