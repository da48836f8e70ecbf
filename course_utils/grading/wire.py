"""Inputs and outputs as JSON, arrays and tensors with their types. Never pickle: what comes back is from a stranger.

Works on both sides of the line. `decode` trusts nothing: what is not well formed raises `Garbled`, whatever it is.
"""

import base64
import sys
from collections import namedtuple
from typing import Any

import numpy as np

from course_utils.exercises.running import Attempt, Raised, Result
from course_utils.exercises.values import Opaque

KINDS = frozenset(
    [
        "bool",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "float16",
        "float32",
        "float64",
        "complex64",
        "complex128",
    ]
)
"""Types of array that may cross. Text in arrays crosses as nested lists."""

LARGEST = 32 << 20
"""Bytes that one array may have."""

DEEPEST = 40


class Garbled(ValueError):
    """What came over the line is not what `encode` writes."""


def encode(value: Any) -> Any:
    """Plain data as JSON, each value that JSON doesn't know in an object with one key.

    Raises:
        Garbled: the value is not data. `course_utils.exercises.values.plain` makes data of anything first.
    """
    if value is None or type(value) in (bool, str):
        return value
    if type(value) is int:
        return value if abs(value) < 2**53 else {"int": hex(value)}
    if type(value) is float:
        return {"float": value.hex() if value == value and abs(value) != np.inf else str(value)}
    if type(value) is list:
        return {"list": [encode(item) for item in value]}
    if isinstance(value, tuple):
        fields = getattr(value, "_fields", None)
        items = [encode(item) for item in value]
        return {"named": [type(value).__name__, list(fields), items]} if fields else {"tuple": items}
    if isinstance(value, dict):
        return {"dict": [[encode(key), encode(item)] for key, item in value.items()]}
    if type(value) in (set, frozenset):
        return {type(value).__name__: [encode(item) for item in value]}
    if isinstance(value, np.ndarray | np.generic):
        return _encode_array(value)
    if type(value) is Opaque:
        return {"opaque": [value.kind, value.text]}
    if type(value) is bytes:
        return {"bytes": base64.b64encode(value).decode()}
    if type(value) is complex:
        return {"complex": [value.real.hex(), value.imag.hex()]}
    torch = sys.modules.get("torch")
    if torch is not None and type(value) is torch.Tensor:
        return {"tensor": _encode_array(value.detach().numpy())["array"]}
    raise Garbled(f"a {type(value).__name__} is not data")


def decode(written: Any, depth: int = 0) -> Any:
    """The value that was encoded.

    Raises:
        Garbled: it is none that `encode` writes.
    """
    if written is None or isinstance(written, bool | str):
        return written
    if isinstance(written, int):
        return written
    if depth > DEEPEST or not isinstance(written, dict) or len(written) != 1:
        raise Garbled("not a value")
    ((kind, content),) = written.items()
    reader = _READERS.get(kind)
    if reader is None:
        raise Garbled(f"no kind of value: {str(kind)[:20]!r}")
    try:
        return reader(content, depth + 1)
    except Garbled:
        raise
    except Exception as error:
        raise Garbled(f"a {kind} that can't be read: {type(error).__name__}") from None


def encode_attempt(attempt: Attempt) -> dict[str, Any]:
    """An attempt as JSON."""
    results = []
    for result in attempt.results:
        raised = result.raised
        results.append(
            {
                "value": encode(result.value),
                "raised": [raised.kind, raised.message, raised.line_number, raised.line] if raised else None,
                "printed": result.printed,
                "warned": result.warned,
                "changed": list(result.changed),
                "disturbed": list(result.disturbed),
            }
        )
    return {
        "results": results,
        "missing": attempt.missing,
        "instead": attempt.instead,
        "signature": attempt.signature,
    }


def decode_attempt(written: Any, inputs: int) -> Attempt:
    """The attempt at this many inputs.

    Raises:
        Garbled: it is none, or holds another number of results.
    """
    try:
        attempt = Attempt(
            tuple(_decode_result(result) for result in written["results"]),
            written["missing"] is True,
            _text(written["instead"]),
            _text(written["signature"]),
        )
    except Garbled:
        raise
    except Exception as error:
        raise Garbled(f"an attempt that can't be read: {type(error).__name__}") from None
    made = not (attempt.missing or attempt.instead or attempt.signature)
    if len(attempt.results) != (inputs + 1 if made else 0):
        raise Garbled(f"{len(attempt.results)} results for {inputs} inputs")
    return attempt


def _decode_result(written: Any) -> Result:
    raised = written["raised"]
    if raised is not None:
        kind, message, number, line = raised
        raised = Raised(_text(kind), _text(message), number if isinstance(number, int) else None, _text(line))
    return Result(
        decode(written["value"]),
        raised,
        _text(written["printed"]),
        _text(written["warned"]),
        tuple(_text(name) for name in written["changed"]),
        tuple(_text(name) for name in written["disturbed"]),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Garbled("text expected")
    return value[:4000]


def _encode_array(value: Any) -> dict[str, Any]:
    array = np.asarray(value)
    if array.dtype.name not in KINDS:
        if array.dtype.kind in "US":
            return encode(array.tolist())
        raise Garbled(f"an array of {array.dtype} is not data")
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    scalar = isinstance(value, np.generic)
    return {"array": [array.dtype.name, "scalar" if scalar else list(array.shape), data]}


def _array(content: Any, depth: int) -> Any:
    name, shape, data = content
    if name not in KINDS:
        raise Garbled("no kind of array")
    raw = base64.b64decode(data, validate=True)
    if len(raw) > LARGEST:
        raise Garbled("an array too large")
    numbers = np.frombuffer(raw, dtype=name)
    if shape == "scalar":
        (scalar,) = numbers
        return scalar
    if not all(type(size) is int and size >= 0 for size in shape):
        raise Garbled("no shape")
    return numbers.reshape(shape).copy()


def _tensor(content: Any, depth: int) -> Any:
    import torch

    return torch.from_numpy(np.asarray(_array(content, depth)))


def _named(content: Any, depth: int) -> Any:
    name, fields, items = content
    return namedtuple(str(name), [str(field) for field in fields])(*(decode(item, depth) for item in items))


def _float(content: Any, depth: int) -> float:
    return float(content) if content in ("nan", "inf", "-inf") else float.fromhex(content)


_READERS: dict[Any, Any] = {
    "int": lambda content, depth: int(content, 16),
    "float": _float,
    "list": lambda content, depth: [decode(item, depth) for item in content],
    "tuple": lambda content, depth: tuple(decode(item, depth) for item in content),
    "named": _named,
    "dict": lambda content, depth: {decode(key, depth): decode(item, depth) for key, item in content},
    "set": lambda content, depth: {decode(item, depth) for item in content},
    "frozenset": lambda content, depth: frozenset(decode(item, depth) for item in content),
    "array": _array,
    "tensor": _tensor,
    "opaque": lambda content, depth: Opaque(*(_text(part) for part in content)),
    "bytes": lambda content, depth: base64.b64decode(content, validate=True),
    "complex": lambda content, depth: complex(*(float.fromhex(part) for part in content)),
}
