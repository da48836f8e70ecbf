"""A model's logits for many texts."""

from collections.abc import Sequence

import numpy as np
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from course_utils import device
from course_utils.training.batches import encode, pad
from course_utils.training.progress import bar


def predict_logits(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    texts: Sequence[str],
    *,
    batch_size: int = 64,
    max_length: int | None = None,
    progress: bool | None = None,
) -> np.ndarray:
    """The model's logits for each text, in the order of the texts.

    Texts of like length share a batch, so that little is spent on padding. Dropout is off meanwhile, and the model
    is left in the mode it was in.

    Args:
        texts: n strings; a longer one than the model can read is cut.
        batch_size: texts that go through the model together.
        max_length: pieces read of each text; as many as the model can, if not given.
        progress: True shows a bar, False none, None one if it takes over two seconds.

    Returns:
        float32 [n, classes]; (0, classes) for no texts.

    Raises:
        TypeError: one string instead of a list of strings.
    """
    if isinstance(texts, str):
        raise TypeError("predict_logits takes a list of texts; put the one text in a list: [text].")
    examples = encode(tokenizer, texts, max_length or model.config.max_position_embeddings)
    order = sorted(range(len(examples)), key=lambda row: len(examples[row]), reverse=True)
    logits = np.zeros((len(examples), model.config.num_labels), dtype=np.float32)
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode(), bar("Predicting", len(examples), progress) as shown:
            for start in range(0, len(order), batch_size):
                rows = order[start : start + batch_size]
                batch = device.to_device(pad([examples[row] for row in rows], tokenizer.pad_token_id), model)
                logits[rows] = model(**batch).logits.float().cpu().numpy()
                shown.update(len(rows))
    finally:
        model.train(was_training)
    return logits
