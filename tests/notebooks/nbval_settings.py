"""A pytest plugin: what nbval leaves out of its comparison, and where the kernels keep progress."""

import os
import tempfile

import pytest

NOT_COMPARED = ("text/html", "image/svg+xml", "application/javascript", "stderr")


def pytest_configure(config: pytest.Config) -> None:
    folder = tempfile.TemporaryDirectory(prefix="course-nbval-")
    config.add_cleanup(folder.cleanup)
    os.environ["COURSE_DATA_DIR"] = folder.name
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def pytest_collectstart(collector: pytest.Collector) -> None:
    if hasattr(collector, "skip_compare"):  # a notebook
        collector.skip_compare += NOT_COMPARED
