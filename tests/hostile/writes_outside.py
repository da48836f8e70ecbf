# deserves: everything correct
# why: nothing outside can be written, changed or deleted; a folder of its own is left to it

# %%
import os, shutil

for path in CANARIES:
    for harm in (
        lambda: open(path, "a").write("harmed"),
        lambda: os.remove(path),
        lambda: os.rename(path, path + ".moved"),
        lambda: os.chmod(path, 0o777),
        lambda: shutil.rmtree(os.path.dirname(path)),
        lambda: open(path + ".new", "w").write("new"),
    ):
        try:
            harm()
        except OSError:
            pass
open("mine.txt", "w").write("here I may")
assert open("mine.txt").read() == "here I may"

# %% the right answers
