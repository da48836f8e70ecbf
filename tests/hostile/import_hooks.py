# deserves: softmax wrong
# why: an import hook finds stand-ins, and nothing that knows what is right

# %%
import sys

stolen = []


class Hook:
    def find_spec(self, name, path=None, target=None):
        stolen.append(name)
        return None


sys.meta_path = [Hook(), *[finder for finder in sys.meta_path if type(finder).__name__ != "StandIns"]]
sys.path_importer_cache.clear()
try:
    from course_utils.reference.softmax import softmax as stolen_softmax
except ImportError:
    stolen_softmax = None
sys.meta_path = sys.meta_path[1:]

# %% the right answers


# %%
def softmax(logits, axis=-1):
    return stolen_softmax(logits, axis) if stolen_softmax else logits * 0.0
