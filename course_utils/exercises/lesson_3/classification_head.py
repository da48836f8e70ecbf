"""Exercise: classification_head."""

import math

import numpy as np

from course_utils.exercises.exercise import Case, Exercise
from course_utils.exercises.forms import Numbers
from course_utils.reference import softmax as softmaxes
from course_utils.reference.fine_tuning import classification_head as reference


def parts(
    generator: np.random.Generator, batch: int, width: int, classes: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    shapes = ((batch, width), (width, width), (width,), (classes, width), (classes,))
    cls, pool_weight, pool_bias, weight, bias = (generator.normal(0, 0.8, size=shape) for shape in shapes)
    return cls, pool_weight, pool_bias, weight, bias


def fixed(seed: int, batch: int, width: int, classes: int) -> tuple[np.ndarray, ...]:
    """The same for the same seed, with one digit, so that a verdict is easy to read."""
    return tuple(part.round(1) for part in parts(np.random.default_rng(seed), batch, width, classes))


def draw(generator: np.random.Generator) -> tuple[np.ndarray, ...]:
    batch, width, classes = (int(generator.integers(*ends)) for ends in ((2, 5), (5, 8), (2, 5)))
    return parts(generator, batch, width, classes)


exercise = Exercise(
    lesson=3,
    title="The classification head",
    points=2,
    reference=reference,
    form=Numbers(),
    returns="the logits, one row per text and one column per class",
    cases=(
        Case(fixed(1, 2, 3, 2), "two texts and two classes"),
        Case(fixed(2, 1, 4, 3), "one text and three classes"),
        Case(fixed(3, 3, 3, 3), "as many classes as the vector is wide"),
        Case(fixed(4, 4, 6, 2), "four texts"),
        Case(fixed(5, 5, 5, 5), "five texts, five numbers each, five classes"),
        Case((np.zeros((2, 3)), *fixed(6, 2, 3, 2)[1:]), "vectors of zeros, which leave the biases alone"),
    ),
    draw=draw,
    hints=(
        "Two layers: first the pooler, which keeps the width, then one that has a row of weights for each class. "
        "Which arguments belong to which?",
        "A weight is stored as torch's `Linear` stores it, [out, in]. For `rows @ matrix` the matrix has to be [in, out].",
        "Between the two layers stands `np.tanh`. After the second one there is nothing: logits are what is asked for.",
    ),
)


def dense(rows, weight, bias):
    return rows @ weight.T + bias


@exercise.mistake(
    "there is no tanh between the two layers",
    "two linear layers in a row are one linear layer: what makes the pooler more than that?",
)
def no_tanh(cls, pool_weight, pool_bias, weight, bias):
    return dense(dense(cls, pool_weight, pool_bias), weight, bias)


@exercise.mistake(
    "the pooler's function is ReLU",
    "look at `model.bert.pooler.activation`: which function does BERT's pooler use?",
)
def relu(cls, pool_weight, pool_bias, weight, bias):
    return dense(np.maximum(dense(cls, pool_weight, pool_bias), 0), weight, bias)


@exercise.mistake(
    "the pooler's function is the sigmoid",
    "that one gives numbers from 0 to 1. The pooler's run from -1 to 1: look at `model.bert.pooler.activation`.",
)
def sigmoid(cls, pool_weight, pool_bias, weight, bias):
    return dense(softmaxes.sigmoid(dense(cls, pool_weight, pool_bias)), weight, bias)


@exercise.mistake(
    "the pooler's function is GELU",
    "GELU sits inside the layers of the encoder. What does `model.bert.pooler.activation` say?",
)
def gelu(cls, pool_weight, pool_bias, weight, bias):
    pooled = dense(cls, pool_weight, pool_bias)
    return dense(pooled * (1 + np.vectorize(math.erf)(pooled / math.sqrt(2))) / 2, weight, bias)


@exercise.mistake(
    "`pool_weight` is used as it is stored, which its square shape lets pass without an error",
    "it is stored as [out, in]: in which of its axes do the numbers of one output lie?",
)
def pool_weight_not_transposed(cls, pool_weight, pool_bias, weight, bias):
    return dense(np.tanh(cls @ pool_weight + pool_bias), weight, bias)


@exercise.mistake(
    "`weight` is used as it is stored, [classes, width]",
    "write the shapes of both sides of `@` side by side: which two numbers have to be equal?",
)
def weight_not_transposed(cls, pool_weight, pool_bias, weight, bias):
    return np.tanh(dense(cls, pool_weight, pool_bias)) @ weight + bias


@exercise.mistake(
    "both weights are used as they are stored, [out, in]",
    "`rows @ matrix` needs [in, out]: what turns one into the other?",
)
def neither_transposed(cls, pool_weight, pool_bias, weight, bias):
    return np.tanh(cls @ pool_weight + pool_bias) @ weight + bias


@exercise.mistake(
    "`pool_bias` is not used",
    "follow each argument through your code: where does this one come in?",
)
def no_pool_bias(cls, pool_weight, pool_bias, weight, bias):
    return dense(np.tanh(cls @ pool_weight.T), weight, bias)


@exercise.mistake(
    "`bias` is not used",
    "what are the logits for a pooled vector of zeros?",
)
def no_bias(cls, pool_weight, pool_bias, weight, bias):
    return np.tanh(dense(cls, pool_weight, pool_bias)) @ weight.T


@exercise.mistake(
    "neither of the two biases is used",
    "what does a linear layer do besides multiplying?",
)
def no_bias_at_all(cls, pool_weight, pool_bias, weight, bias):
    return np.tanh(cls @ pool_weight.T) @ weight.T


@exercise.mistake(
    "the pooler is left out",
    "two of the arguments are not used: what stands between [CLS] and the last layer?",
)
def pooler_skipped(cls, pool_weight, pool_bias, weight, bias):
    return dense(cls, weight, bias)


@exercise.mistake(
    "the pooler's result is given back, without the last layer",
    "how many numbers does a text have in your answer, and how many classes are there?",
)
def pooled_only(cls, pool_weight, pool_bias, weight, bias):
    return np.tanh(dense(cls, pool_weight, pool_bias))


@exercise.mistake(
    "the tanh comes after the last layer, not between the two",
    "logits have no limits: which of the two layers does the tanh belong to?",
)
def tanh_at_the_end(cls, pool_weight, pool_bias, weight, bias):
    return np.tanh(dense(dense(cls, pool_weight, pool_bias), weight, bias))


@exercise.mistake(
    "there is a tanh after each of the two layers",
    "can one of your logits be larger than 1? Those of a model can.",
)
def tanh_twice(cls, pool_weight, pool_bias, weight, bias):
    return np.tanh(dense(np.tanh(dense(cls, pool_weight, pool_bias)), weight, bias))


@exercise.mistake(
    "the tanh is applied to the vector of [CLS], before the pooler's layer",
    "in which order does the pooler do its two steps?",
)
def tanh_before_the_pooler(cls, pool_weight, pool_bias, weight, bias):
    return dense(dense(np.tanh(cls), pool_weight, pool_bias), weight, bias)


@exercise.mistake(
    "`pool_bias` is added after the tanh",
    "the bias belongs to the layer: is the tanh part of it?",
)
def pool_bias_after_the_tanh(cls, pool_weight, pool_bias, weight, bias):
    return dense(np.tanh(cls @ pool_weight.T) + pool_bias, weight, bias)


@exercise.mistake(
    "a softmax comes last, so these are probabilities",
    "the model stops one step before that: what is asked for here?",
)
def softmax_at_the_end(cls, pool_weight, pool_bias, weight, bias):
    return softmaxes.softmax(reference(cls, pool_weight, pool_bias, weight, bias))


@exercise.mistake(
    "these are logarithms of probabilities, not logits",
    "the loss does that step itself. What comes out of the last layer?",
)
def log_softmax_at_the_end(cls, pool_weight, pool_bias, weight, bias):
    return softmaxes.log_softmax(reference(cls, pool_weight, pool_bias, weight, bias))


@exercise.mistake(
    "the number of the winning class is given back",
    "keep the numbers it was chosen from: the loss needs them all.",
)
def winners(cls, pool_weight, pool_bias, weight, bias):
    return reference(cls, pool_weight, pool_bias, weight, bias).argmax(axis=-1)


@exercise.mistake(
    "`cls[:, 0]` takes the first number of each vector",
    "`cls` holds the vectors of [CLS] already: look at its shape.",
)
def first_token_taken_again(cls, pool_weight, pool_bias, weight, bias):
    return dense(np.tanh(dense(cls[:, 0], pool_weight, pool_bias)), weight, bias)
