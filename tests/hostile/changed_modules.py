# deserves: everything correct
# why: modules that a cell takes away or fakes are missing for its own code only

# %%
import sys, types

for name in ("course_utils.grading.frames", "course_utils.grading.inside", "course_utils.exercises.verdict"):
    fake = types.ModuleType(name)
    fake.CORRECT = "correct"
    sys.modules[name] = fake
sys.modules["random"] = None

# %% the right answers
