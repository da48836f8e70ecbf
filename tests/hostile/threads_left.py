# deserves: everything correct
# why: threads end with their process

# %%
import threading, time


def busy():
    while True:
        time.sleep(0.01)


for _ in range(5):
    threading.Thread(target=busy).start()

# %% the right answers
