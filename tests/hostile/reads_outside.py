# deserves: everything correct
# why: files outside are not to be seen: what it finds it could only hand over in its errors, and there is nothing

# %%
import os

found = []
for path in CANARIES:
    for place in (path, os.path.dirname(path)):
        try:
            found.append(open(place).read() if os.path.isfile(place) else str(os.listdir(place)))
        except OSError:
            pass
    for descriptor in range(3, 64):
        try:
            found.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        except OSError:
            pass
raise ValueError(" ".join(found))

# %% the right answers
