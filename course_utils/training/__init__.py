"""Fine-tuning: the loop, its settings, its batches, and the logits of the model that comes out."""

from course_utils.training.batches import encode, length_grouped, pad
from course_utils.training.loop import train
from course_utils.training.prediction import predict_logits
from course_utils.training.progress import bar
from course_utils.training.randomness import seeded
from course_utils.training.recipe import VERSION, History, Recipe
from course_utils.training.watching import Watcher
from course_utils.training.weights import layer_of, parameter_groups

__all__ = [
    "VERSION",
    "History",
    "Recipe",
    "Watcher",
    "bar",
    "encode",
    "layer_of",
    "length_grouped",
    "pad",
    "parameter_groups",
    "predict_logits",
    "seeded",
    "train",
]
