"""Inputs and outputs as JSON, arrays and tensors with their types. Never pickle: what comes back is from a stranger.

Works on both sides of the line. `decode` trusts nothing: what is not well formed raises `Garbled`, whatever it is.
"""

import base64
import math
from collections import namedtuple
from dataclasses import astuple
from functools import lru_cache
from typing import Any

import numpy as np

from course_utils.exercises.running import Attempt, Raised, Result
from course_utils.exercises.values import Opaque, loaded, opaque

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

TENSORS = ("tensor", "bfloat16", "permuted")
"""Keys under which tensors cross."""

LARGEST = 32 << 20
"""Bytes that one array may have."""

LARGE = 4 << 20
"""An array of more bytes crosses as its type and shape alone: no right answer is as large, so its shape is wrong."""

DEEPEST = 40

MOST_DIGITS = 5000
"""Hexadecimal digits of a whole number. Printing one takes time that grows with the square of its length."""

MOST_FIELDS = 64
MOST_AXES = 64


class Garbled(ValueError):
    """What came over the line is not what `encode` writes."""


def encode(value: Any, depth: int = 0) -> Any:
    """Plain data as JSON, each value that JSON doesn't know in an object with one key.

    Raises:
        Garbled: the value is not data. `course_utils.exercises.values.plain` makes data of anything first.
    """
    if value is None or type(value) in (bool, str):
        return value
    if type(value) is int:
        if value.bit_length() > 4 * MOST_DIGITS:
            return {"opaque": ["int", f"a whole number of {value.bit_length()} bits"]}
        return value if abs(value) < 2**53 else {"int": hex(value)}
    if type(value) is float:
        return {"float": value.hex() if value == value and abs(value) != np.inf else str(value)}
    if depth >= DEEPEST and isinstance(value, list | tuple | dict | set | frozenset):
        return {"opaque": [type(value).__name__, f"a {type(value).__name__}, nested too deeply"]}
    if type(value) is list:
        return {"list": [encode(item, depth + 1) for item in value]}
    if isinstance(value, tuple):
        fields = getattr(value, "_fields", None)
        items = [encode(item, depth + 1) for item in value]
        return {"named": [type(value).__name__, list(fields), items]} if fields else {"tuple": items}
    if isinstance(value, dict):
        return {"dict": [[encode(key, depth + 1), encode(item, depth + 1)] for key, item in value.items()]}
    if type(value) in (set, frozenset):
        return {type(value).__name__: [encode(item, depth + 1) for item in value]}
    if isinstance(value, np.ndarray | np.generic):
        return _encode_array(value)
    if type(value) is Opaque:
        return {"opaque": [value.kind, value.text]}
    if type(value) is bytes:
        return {"bytes": base64.b64encode(value).decode()}
    if type(value) is complex:
        return {"complex": [value.real.hex(), value.imag.hex()]}
    torch = loaded("torch")
    if torch is not None and type(value) is torch.Tensor:
        tensor = value.detach()
        if not tensor.is_contiguous():
            order = sorted(range(tensor.ndim), key=lambda axis: -tensor.stride(axis))
            if tensor.permute(order).is_contiguous():  # `view` works on one layout and not on another
                return {"permuted": [encode(tensor.permute(order), depth + 1), order]}
            tensor = tensor.contiguous()
        if tensor.dtype == torch.bfloat16:  # NumPy has none: its bits cross
            return {"bfloat16": _whole_array(tensor.view(torch.int16).numpy())["array"]}
        return {"tensor": _whole_array(tensor.numpy())["array"]}
    raise Garbled(f"a {type(value).__name__} is not data")


def decode(written: Any, depth: int = 0) -> Any:
    """The value that was encoded.

    Raises:
        Garbled: it is none that `encode` writes.
    """
    if written is None or type(written) in (bool, str, int):
        return written
    if depth > DEEPEST + 2 or not isinstance(written, dict) or len(written) != 1:
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
                "value": _encoded(result.value),
                "raised": list(astuple(raised)) if raised else None,
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


def _encoded(value: Any) -> Any:
    """A value that is no data, such as an array of dates, crosses as what it is called."""
    try:
        return encode(value)
    except Garbled:
        kept = opaque(value)
        kind = f"NumPy array of {value.dtype}" if isinstance(value, np.ndarray) else kept.kind
        return encode(Opaque(kind, kept.text))


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
        kind, message, number, *places = raised
        line, helper = map(_text, places)
        number = number if isinstance(number, int) else None
        raised = Raised(_text(kind), _text(message), number, line, helper)
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
    if array.nbytes > LARGEST:
        return {"opaque": ["ndarray", f"an array of shape {array.shape}, too large to be read"]}
    if array.nbytes > LARGE:
        return {"shape": [array.dtype.name, list(array.shape)]}
    return _whole_array(value)


def _whole_array(value: Any) -> dict[str, Any]:
    array = np.asarray(value)
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    scalar = isinstance(value, np.generic)
    return {"array": [array.dtype.name, "scalar" if scalar else list(array.shape), data]}


def _shape(content: Any, depth: int) -> Any:
    name, shape = content
    if name not in KINDS or type(shape) is not list or len(shape) > MOST_AXES:
        raise Garbled("no shape")
    if not all(type(size) is int and size > 0 for size in shape):
        raise Garbled("no shape")
    bytes_of_all = math.prod(shape) * np.dtype(name).itemsize
    if not LARGE < bytes_of_all <= LARGEST:
        raise Garbled("an array of another size")
    return np.broadcast_to(np.zeros((), name), shape)


def _array(content: Any, depth: int) -> Any:
    name, shape, data = content
    if name not in KINDS:
        raise Garbled("no kind of array")
    if type(data) is not str or len(data) > LARGEST * 4 // 3 + 4:
        raise Garbled("an array too large")
    raw = base64.b64decode(data, validate=True)
    numbers = np.frombuffer(raw, dtype=name)
    if shape == "scalar":
        (scalar,) = numbers
        return scalar
    if type(shape) is not list or len(shape) > MOST_AXES:
        raise Garbled("no shape")
    if not all(type(size) is int and size >= 0 for size in shape):
        raise Garbled("no shape")
    return numbers.reshape(shape).copy()


def _tensor(content: Any, depth: int) -> Any:
    import torch

    return torch.from_numpy(np.asarray(_array(content, depth)))


def _permuted(content: Any, depth: int) -> Any:
    import torch

    written, order = content
    tensor = decode(written, depth)
    if type(tensor) is not torch.Tensor or not all(type(axis) is int for axis in _listed(order)):
        raise Garbled("no tensor")
    if sorted(order) != list(range(tensor.ndim)):
        raise Garbled("no order of axes")
    return tensor.permute(sorted(range(tensor.ndim), key=lambda axis: order[axis]))


def _bfloat16(content: Any, depth: int) -> Any:
    import torch

    if content[0] != "int16":
        raise Garbled("no bits of bfloat16")
    return _tensor(content, depth).view(torch.bfloat16)


def _named(content: Any, depth: int) -> Any:
    name, fields, items = content
    if type(fields) is not list or not 0 < len(fields) <= MOST_FIELDS:
        raise Garbled("no fields")
    if not all(type(text) is str and len(text) < 100 for text in (name, *fields)):
        raise Garbled("no names of fields")
    return _named_tuple(name, tuple(fields))(*(decode(item, depth) for item in _listed(items)))


@lru_cache(16)
def _named_tuple(name: str, fields: tuple[str, ...]) -> Any:
    return namedtuple(name, fields)


def _listed(content: Any) -> list[Any]:
    if type(content) is not list:
        raise Garbled("a list expected")
    return content


def _int(content: Any, depth: int) -> int:
    if type(content) is not str or len(content) > MOST_DIGITS + 3:
        raise Garbled("no whole number")
    return int(content, 16)


def _float(content: Any, depth: int) -> float:
    return float(content) if content in ("nan", "inf", "-inf") else float.fromhex(content)


_READERS: dict[Any, Any] = {
    "int": _int,
    "float": _float,
    "list": lambda content, depth: [decode(item, depth) for item in _listed(content)],
    "tuple": lambda content, depth: tuple(decode(item, depth) for item in _listed(content)),
    "named": _named,
    "dict": lambda content, depth: {
        decode(key, depth): decode(item, depth) for key, item in _listed(content)
    },
    "set": lambda content, depth: {decode(item, depth) for item in _listed(content)},
    "frozenset": lambda content, depth: frozenset(decode(item, depth) for item in _listed(content)),
    "array": _array,
    "shape": _shape,
    "tensor": _tensor,
    "bfloat16": _bfloat16,
    "permuted": _permuted,
    "opaque": lambda content, depth: Opaque(*(_text(part) for part in content)),
    "bytes": lambda content, depth: base64.b64decode(content, validate=True),
    "complex": lambda content, depth: complex(*(float.fromhex(part) for part in content)),
}
