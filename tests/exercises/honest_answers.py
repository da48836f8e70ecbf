"""Other right ways to write each exercise: the checker must take them all. None uses `course_utils`."""

import collections
import math

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax
from scipy.special import softmax as scipy_softmax
from sklearn import metrics

from tests.exercises import honest_lesson_1
from tests.exercises.honest_lesson_2 import HONEST_LESSON_2
from tests.exercises.honest_lesson_3 import HONEST_LESSON_3


def softmax_scipy(logits, axis=-1):
    return scipy_softmax(logits, axis=axis)


def softmax_torch_tensor(logits, axis=-1):
    return torch.softmax(torch.as_tensor(logits, dtype=torch.float64), dim=axis)


def softmax_torch_float32(logits, axis=-1):
    return torch.softmax(torch.tensor(logits.tolist(), dtype=torch.float32), dim=axis).numpy()


def softmax_by_logarithms(logits, axis=-1):
    top = np.max(logits, axis=axis, keepdims=True)
    return np.exp(logits - top - np.log(np.sum(np.exp(logits - top), axis=axis, keepdims=True)))


def softmax_as_lists(logits, axis=-1):
    def one(row):
        exponentials = [math.exp(value - max(row)) for value in row]
        return np.array([value / math.fsum(exponentials) for value in exponentials])

    return np.apply_along_axis(lambda row: one(row.tolist()), axis, np.asarray(logits, dtype=float)).tolist()


def softmax_by_ratios(logits, axis=-1):
    """One over the sum of exp(other - own): free of nan, since the largest overflow gives 1 / inf = 0."""
    moved = np.moveaxis(np.asarray(logits, dtype=float), axis, -1)
    return np.moveaxis(1 / np.exp(moved[..., None, :] - moved[..., :, None]).sum(-1), -1, axis)


def decode_by_hand(logits, id2label):
    labels = []
    for row in logits:
        best = 0
        for index, value in enumerate(row):
            if value > row[best]:
                best = index
        labels.append(id2label[best])
    return labels


def decode_torch(logits, id2label):
    return [id2label[index] for index in torch.tensor(logits).argmax(dim=-1).tolist()]


def decode_as_tuple(logits, id2label):
    return tuple(id2label[max(id2label, key=lambda index: row[index])] for row in logits)


def decode_as_array(logits, id2label):
    names = np.array([id2label[index] for index in range(len(id2label))])
    return names[np.argmax(logits, axis=1)]


def abstain_by_hand(probabilities, id2label, threshold):
    answer = []
    for row in probabilities.tolist():
        confidence = max(row)
        answer.append(None if confidence < threshold else id2label[row.index(confidence)])
    return answer


def abstain_by_mask(probabilities, id2label, threshold):
    labels = np.array([id2label[int(row.argmax())] for row in probabilities], dtype=object)
    labels[probabilities.max(axis=1) < threshold] = None
    return labels


def abstain_torch(probabilities, id2label, threshold):
    top = torch.tensor(probabilities, dtype=torch.float64).max(dim=-1)
    pairs = zip(top.values.tolist(), top.indices.tolist(), strict=True)
    return tuple(id2label[index] if value >= threshold else None for value, index in pairs)


def multilabel_on_the_logits(logits, id2label, threshold=0.5):
    """The sigmoid keeps the order, so the threshold may be carried over to the logits."""
    cut = math.log(threshold / (1 - threshold))
    return [[id2label[int(index)] for index in np.flatnonzero(row >= cut)] for row in logits]


def multilabel_scipy_tuples(logits, id2label, threshold=0.5):
    kept = expit(logits) >= threshold
    return tuple(tuple(id2label[index] for index in range(kept.shape[1]) if row[index]) for row in kept)


def multilabel_torch_in_the_dicts_order(logits, id2label, threshold=0.5):
    kept = torch.sigmoid(torch.tensor(logits, dtype=torch.float64)) >= threshold
    return [[name for index, name in id2label.items() if row[index]] for row in kept]


def multilabel_naive_sigmoid(logits, id2label, threshold=0.5):
    return [[id2label[i] for i, z in enumerate(row) if 1 / (1 + np.exp(-z)) >= threshold] for row in logits]


def matrix_add_at(labels, predictions, n_classes):
    matrix = np.zeros((n_classes, n_classes), dtype=np.int64)
    np.add.at(matrix, (labels, predictions), 1)
    return matrix


def matrix_sklearn(labels, predictions, n_classes):
    return metrics.confusion_matrix(labels, predictions, labels=range(n_classes))


def matrix_one_hot_floats(labels, predictions, n_classes):
    eye = np.eye(n_classes)
    return eye[labels].T @ eye[predictions]


def matrix_counter_lists(labels, predictions, n_classes):
    seen = collections.Counter(zip(map(int, labels), map(int, predictions), strict=True))
    return [[seen[true, predicted] for predicted in range(n_classes)] for true in range(n_classes)]


def matrix_histogram(labels, predictions, n_classes):
    edges = np.arange(n_classes + 1) - 0.5
    return np.histogram2d(labels, predictions, bins=(edges, edges))[0]


def figures_by_loops(matrix):
    figures = []
    for k in range(len(matrix)):
        hits = float(matrix[k, k])
        alarms = sum(float(matrix[t, k]) for t in range(len(matrix)) if t != k)
        misses = sum(float(matrix[k, p]) for p in range(len(matrix)) if p != k)
        figures.append(
            (
                hits / (hits + alarms) if hits + alarms else 0.0,
                hits / (hits + misses) if hits + misses else 0.0,
                hits / (hits + (alarms + misses) / 2) if hits + alarms + misses else 0.0,
            )
        )
    return [list(column) for column in zip(*figures, strict=True)]


def figures_sklearn(matrix):
    true, predicted = np.divmod(np.arange(matrix.size), len(matrix))
    times = np.asarray(matrix, dtype=int).ravel()
    pairs = np.repeat(true, times), np.repeat(predicted, times)
    return metrics.precision_recall_fscore_support(*pairs, labels=range(len(matrix)), zero_division=0)[:3]


def figures_by_nan_to_num(matrix):
    with np.errstate(all="ignore"):
        precision = np.nan_to_num(np.diag(matrix / matrix.sum(axis=0, keepdims=True)))
        recall = np.nan_to_num(np.diag(matrix / matrix.sum(axis=1, keepdims=True)))
        return np.array([precision, recall, np.nan_to_num(2 / (1 / precision + 1 / recall))])


def figures_with_epsilon_in_torch(matrix):
    counts = torch.tensor(matrix, dtype=torch.float64)
    precision = counts.diagonal() / (counts.sum(0) + 1e-12)
    recall = counts.diagonal() / (counts.sum(1) + 1e-12)
    return precision, recall, 2 * precision * recall / (precision + recall + 1e-12)


def macro_from_counts(matrix):
    return np.mean(2 * np.diag(matrix) / np.maximum(matrix.sum(0) + matrix.sum(1), 1))


def macro_sklearn(matrix):
    true, predicted = np.divmod(np.arange(matrix.size), len(matrix))
    times = np.asarray(matrix, dtype=int).ravel()
    pairs = np.repeat(true, times), np.repeat(predicted, times)
    return metrics.f1_score(*pairs, labels=range(len(matrix)), average="macro", zero_division=0)


def macro_by_hand_in_torch(matrix):
    total = 0.0
    for k in range(len(matrix)):
        both = sum(matrix[k, :]) + sum(matrix[:, k])
        total += 2 * matrix[k, k] / both if both else 0
    return torch.tensor(total / len(matrix))


def ece_by_hand(probabilities, labels, n_bins=10):
    bins = [[] for _ in range(n_bins)]
    for row, label in zip(probabilities.tolist(), labels.tolist(), strict=True):
        confidence = max(row)
        for index in range(n_bins):
            if index / n_bins < confidence <= (index + 1) / n_bins:
                bins[index].append((confidence, row.index(confidence) == label))
    return sum(abs(sum(c for c, _ in held) - sum(hit for _, hit in held)) / len(labels) for held in bins)


def ece_digitize(probabilities, labels, n_bins=10):
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    index = np.digitize(confidence, np.linspace(0, 1, n_bins + 1)[1:-1], right=True)
    gaps = {i: abs(right[index == i].mean() - confidence[index == i].mean()) for i in set(index.tolist())}
    return np.float64(sum(np.mean(index == i) * gap for i, gap in gaps.items()))


def ece_ceil_float32(probabilities, labels, n_bins=10):
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    gaps = np.zeros(n_bins, dtype=np.float32)
    np.add.at(gaps, np.ceil(confidence * n_bins).astype(int) - 1, right - confidence)
    return torch.tensor(np.abs(gaps).sum() / len(labels))


def _loss(logits, labels):
    rows = np.arange(len(labels))
    return lambda t: -log_softmax(logits / t, axis=-1)[rows, labels].mean()


def temperature_scipy(logits, labels):
    loss = _loss(logits, labels)
    return np.exp(minimize_scalar(lambda s: loss(np.exp(s)), bounds=(-5, 5), method="bounded").x)


def temperature_grid(logits, labels):
    loss, low, high = _loss(logits, labels), 0.01, 100.0
    for _ in range(6):
        grid = np.geomspace(low, high, 31)
        best = int(np.argmin([loss(t) for t in grid]))
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, 30)]
    return float((low + high) / 2)


def temperature_lbfgs(logits, labels):
    scores, targets = torch.tensor(logits, dtype=torch.float64), torch.tensor(labels)
    log_t = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([log_t], max_iter=60, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(scores / log_t.exp(), targets)
        loss.backward()
        return loss

    optimizer.step(closure)
    return log_t.exp()


HONEST = {
    **honest_lesson_1.HONEST,
    "softmax": (
        softmax_scipy,
        softmax_torch_tensor,
        softmax_torch_float32,
        softmax_by_logarithms,
        softmax_as_lists,
        softmax_by_ratios,
    ),
    "decode": (decode_by_hand, decode_torch, decode_as_tuple, decode_as_array),
    "decode_or_abstain": (abstain_by_hand, abstain_by_mask, abstain_torch),
    "decode_multilabel": (
        multilabel_on_the_logits,
        multilabel_scipy_tuples,
        multilabel_torch_in_the_dicts_order,
        multilabel_naive_sigmoid,
    ),
    "confusion_matrix": (
        matrix_add_at,
        matrix_sklearn,
        matrix_one_hot_floats,
        matrix_counter_lists,
        matrix_histogram,
    ),
    "precision_recall_f1": (
        figures_by_loops,
        figures_sklearn,
        figures_by_nan_to_num,
        figures_with_epsilon_in_torch,
    ),
    "macro_f1": (macro_from_counts, macro_sklearn, macro_by_hand_in_torch),
    "expected_calibration_error": (ece_by_hand, ece_digitize, ece_ceil_float32),
    "fit_temperature": (temperature_scipy, temperature_grid, temperature_lbfgs),
}
"""By exercise name."""

HONEST |= HONEST_LESSON_2 | HONEST_LESSON_3
