# deserves: everything correct
# why: no process but its own is to be seen

# %%
import os

seen = []
for name in os.listdir("/proc"):
    if name.isdigit() and int(name) != os.getpid():
        seen.append(name)
for path in (f"/proc/{os.getppid()}/environ", f"/proc/{os.getppid()}/maps", f"/proc/{os.getppid()}/cmdline"):
    try:
        seen.append(open(path).read())
    except OSError:
        pass
if seen:
    raise ValueError("FORBIDDEN-PROCESSES " + " ".join(seen))

# %% the right answers
