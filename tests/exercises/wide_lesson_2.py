"""Inputs on which a change to a reference of lesson 2 may show: wider than the cases, and within what is promised."""

CHARACTERS = "aAbzZ59éÉñßЖж中東あア한हिंदीกี\u0301\u0308 \t\n\r\u00a0\u3000\u2028\u2029\u200b\x00\x1f\ufffd\ue000!$+<=>^`|~_-#[]“”…¿😀❤½ﬁ€"


def word_of(generator, letters, least, most):
    return "".join(generator.choice(list(letters), size=int(generator.integers(least, most))).tolist())


def wide_normalize(generator):
    return (word_of(generator, CHARACTERS, 0, 40),)


def wide_wordpiece(generator):
    vocab = {"[UNK]", "a", "b", "##a", "##b"}
    if generator.random() < 0.6:
        vocab |= {"c", "##c"}
    for _ in range(int(generator.integers(0, 20))):
        vocab.add("##" * int(generator.integers(2)) + word_of(generator, "abc", 2, 6))
    chance = generator.random()
    if chance < 0.1:
        return "a" * int(generator.integers(98, 104)), vocab
    return word_of(generator, "abcd" if chance < 0.2 else "abc", 1, 15), vocab


def wide_encode(generator):
    """Where both texts are cut, the room is even: no tie."""
    names = [word_of(generator, "abcdef", 2, 5) for _ in range(10)]
    numbers = generator.permutation(200).tolist()
    vocab = dict(zip(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *names], numbers, strict=False))

    def some(least, most):
        count = int(generator.integers(least, most))
        return [str(name) for name in generator.choice([*names, "none"], size=count)]

    if generator.random() < 0.3:
        return some(0, 15), None, vocab, int(generator.integers(3, 18))
    one, other, max_length = some(1, 14), some(1, 14), int(generator.integers(5, 24))
    room = max_length - 3
    if room % 2 and min(len(one), len(other)) > room // 2:
        max_length += 1
    return one, other, vocab, max_length


def wide_pad_batch(generator):
    lengths = generator.integers(1, 6, size=int(generator.integers(1, 7)))
    sequences = [generator.integers(0, 6, size=int(length)).tolist() for length in lengths]
    return (sequences,) if generator.random() < 0.3 else (sequences, int(generator.integers(0, 6)))


def wide_sliding_windows(generator):
    max_length = int(generator.integers(3, 14))
    stride = int(generator.integers(0, max_length - 2))
    return generator.integers(1000, 2000, size=int(generator.integers(1, 40))).tolist(), max_length, stride


def wide_decode_pieces(generator):
    pieces = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        "a",
        "film",
        "##s",
        "##ing",
        "#",
        "###",
        "c##",
        "!",
        "[",
    ]
    return (["film", *generator.choice(pieces, size=int(generator.integers(0, 12))).tolist()],)


WIDE_LESSON_2 = {
    "normalize": wide_normalize,
    "wordpiece": wide_wordpiece,
    "encode": wide_encode,
    "pad_batch": wide_pad_batch,
    "sliding_windows": wide_sliding_windows,
    "decode_pieces": wide_decode_pieces,
}

LEAST_LESSON_2 = {
    "normalize": 15,
    "wordpiece": 12,
    "encode": 25,
    "pad_batch": 8,
    "sliding_windows": 12,
    "decode_pieces": 5,
}
