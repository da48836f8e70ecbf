"""Exercise: decay_groups."""

import numpy as np

from course_utils.exercises.exercise import Case, Exercise
from course_utils.exercises.forms import Fields, Words
from course_utils.exercises.values import EXACT
from course_utils.reference.fine_tuning import decay_groups as reference

LAYER = (
    "attention.self.query.weight", "attention.self.query.bias", "attention.output.dense.weight",
    "attention.output.LayerNorm.weight", "attention.output.LayerNorm.bias", "intermediate.dense.weight",
    "intermediate.dense.bias", "output.dense.weight", "output.dense.bias", "output.LayerNorm.weight",
    "output.LayerNorm.bias",
)  # fmt: skip
EMBEDDINGS = [
    "bert.embeddings.word_embeddings.weight", "bert.embeddings.position_embeddings.weight",
    "bert.embeddings.LayerNorm.weight", "bert.embeddings.LayerNorm.bias",
]  # fmt: skip
HEAD = ["bert.pooler.dense.weight", "bert.pooler.dense.bias", "classifier.weight", "classifier.bias"]


def layer(number: int) -> list[str]:
    return [f"bert.encoder.layer.{number}.{name}" for name in LAYER]


def draw(generator: np.random.Generator) -> tuple[list[str]]:
    names = [*EMBEDDINGS, *layer(int(generator.integers(12))), *layer(int(generator.integers(12, 24))), *HEAD]
    return ([names[index] for index in generator.permutation(len(names))],)


exercise = Exercise(
    lesson=3,
    title="What decays",
    points=1,
    reference=reference,
    form=Fields(("decay", "no_decay"), Words("name")),
    returns="a dict with `decay` and `no_decay`, two lists of names in the order they came: biases and all that belongs "
    "to a LayerNorm don't decay",
    cases=(
        Case((["classifier.weight", "classifier.bias"],), "a weight and a bias"),
        Case((HEAD,), "the pooler and the head"),
        Case((EMBEDDINGS,), "the embeddings"),
        Case((layer(0),), "one layer"),
        Case(([*HEAD, *layer(11), *EMBEDDINGS],), "head, layer and embeddings, in an odd order"),
        Case((["bert.embeddings.LayerNorm.weight", "bert.pooler.dense.weight"],), "a LayerNorm's weight and another one"),
    ),
    draw=draw,
    within=EXACT,
    hints=(
        "Print the names of a layer: which of them are matrices, and which hold one number for each place of a vector?",
        "A name is a path. Its last part says weight or bias, the part before it whose.",
        "`\"LayerNorm\" in name` asks whether one text stands somewhere in the other; capitals count.",
    ),
)  # fmt: skip


def grouped(names, spared):
    return {
        "decay": [name for name in names if not spared(name)],
        "no_decay": [name for name in names if spared(name)],
    }


def right(name):
    return name.endswith("bias") or "LayerNorm" in name


@exercise.mistake(
    "a LayerNorm's weight decays",
    "print the names that you spare: does a LayerNorm's weight come up? It is spelled with two capitals.",
)
def layer_norm_forgotten(parameter_names):
    return grouped(parameter_names, lambda name: name.endswith("bias"))


@exercise.mistake(
    "biases decay, all but a LayerNorm's own",
    "which other parameters hold one number for each place of a vector?",
)
def biases_forgotten(parameter_names):
    return grouped(parameter_names, lambda name: "LayerNorm" in name)


@exercise.mistake(
    "biases decay, a LayerNorm's own as well",
    "look at the last part of each name that you let decay.",
)
def only_layer_norm_weights(parameter_names):
    return grouped(parameter_names, lambda name: name.endswith("LayerNorm.weight"))


@exercise.mistake(
    "all parameters decay",
    "a name such as `classifier.bias` is not *equal* to `bias`: what do you ask of it instead, and which of the two "
    "texts stands in which?",
)
def nothing_spared(parameter_names):
    return grouped(parameter_names, lambda name: False)


@exercise.mistake(
    "only what is both, a LayerNorm's bias, is spared",
    "is a parameter spared when both are true of it, or when one is?",
)
def both_needed(parameter_names):
    return grouped(parameter_names, lambda name: name.endswith("bias") and "LayerNorm" in name)


@exercise.mistake(
    "the two groups have changed places",
    "which group is pulled towards 0, matrices or biases?",
)
def swapped(parameter_names):
    return grouped(parameter_names, lambda name: not right(name))


@exercise.mistake(
    "the embeddings are spared as well",
    "they are a matrix, with a row for each piece: do they belong to a bias or to a LayerNorm?",
)
def embeddings_spared(parameter_names):
    return grouped(parameter_names, lambda name: right(name) or "embeddings" in name)


@exercise.mistake(
    "the head is spared as well",
    "new weights are weights: does `classifier.weight` belong to a bias or to a LayerNorm?",
)
def head_spared(parameter_names):
    return grouped(parameter_names, lambda name: right(name) or "classifier" in name)


@exercise.mistake(
    "only the head decays, and the pretrained parameters don't",
    "what matters is what a parameter is, not whether it is new.",
)
def only_the_head_decays(parameter_names):
    return grouped(parameter_names, lambda name: right(name) or not name.startswith("classifier"))


@exercise.mistake(
    "the names come out sorted",
    "the exercise keeps the order they came in.",
)
def in_order_of_the_alphabet(parameter_names):
    return grouped(sorted(parameter_names), right)


@exercise.mistake(
    "the groups are sets, which keep no order",
    "which of Python's collections keeps things in the order they came?",
)
def as_sets(parameter_names):
    return {name: set(group) for name, group in grouped(parameter_names, right).items()}


@exercise.mistake(
    "the names are gone through once for each word that you look for, so a LayerNorm's bias comes twice",
    "which of your two loops should be the outer one, and how often may a name be added?",
)
def once_for_each_word(parameter_names):
    words = ("bias", "LayerNorm.weight", "LayerNorm.bias")
    return {
        "decay": [name for name in parameter_names if not right(name)],
        "no_decay": [name for word in words for name in parameter_names if word in name],
    }


@exercise.mistake(
    "a name decays as soon as it lacks one of the words, so it may be in both groups",
    "a parameter is spared if *any* of the words fits: when does it decay, then?",
)
def lacks_one_of_the_words(parameter_names):
    words = ("bias", "LayerNorm.weight")
    return {
        "decay": [name for name in parameter_names if not all(word in name for word in words)],
        "no_decay": [name for name in parameter_names if any(word in name for word in words)],
    }


@exercise.mistake(
    "these are groups for an optimizer, in a list",
    "they are made from this answer in the next step. Here a dict with the two lists is asked for.",
)
def optimizer_groups(parameter_names):
    groups = grouped(parameter_names, right)
    return [
        {"params": groups["decay"], "weight_decay": 0.01},
        {"params": groups["no_decay"], "weight_decay": 0.0},
    ]


@exercise.mistake(
    "the two lists come without their names",
    "whoever takes them has to know which is which: what does the exercise ask for?",
)
def two_lists(parameter_names):
    return tuple(grouped(parameter_names, right).values())
