"""The bar that a training or a prediction shows."""

import sys

from tqdm import tqdm


def bar(title: str, total: int, progress: bool | None) -> tqdm:
    """A progress bar in plain text on stderr: no widget, so notebooks store no widget state.

    `progress=None` shows it only once two seconds have gone by.
    """
    return tqdm(
        total=total,
        desc=title,
        disable=progress is False,
        delay=2 if progress is None else 0,
        mininterval=1.0,
        file=sys.stderr,
        bar_format="{desc}: {percentage:3.0f}%|{bar:30}| {elapsed} gone, {remaining} left {postfix}",
    )
