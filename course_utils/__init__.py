"""Attention to Labels: the code under the lessons.

Importing this package is cheap; torch and transformers load when something first needs them.
"""

__version__ = "0.1.0"

REPOSITORY = "https://github.com/attention-to-labels/attention-to-labels"
"""Where the course lives. Colab badges and each lesson's set-up cell are made from this one address."""
