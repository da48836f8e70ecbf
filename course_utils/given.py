"""What lessons give their learners to build with. An answer may use it, and finds it wherever answers are judged."""

IDEOGRAPHS = (
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B81F),
    (0x2B920, 0x2CEAF),
    (0x2F800, 0x2FA1F),
)
"""Code points of Chinese characters, as the library has them: 0x2B920 is its slip for 0x2B820."""


def is_ideograph(char: str) -> bool:
    """Whether it is a Chinese character. Japanese and Korean syllables are none."""
    return char >= "\u3400" and any(first <= ord(char) <= last for first, last in IDEOGRAPHS)
