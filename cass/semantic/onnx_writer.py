"""Write ONNX files without the onnx package: the few messages of its protobuf form that a small graph needs.

In:  nodes, tensors (numpy arrays) and the names and shapes of what goes in and comes out.
Out: the bytes of a model, the same for the same graph, so that the file's hash can name it.
"""

from __future__ import annotations

import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any, BinaryIO

    from numpy.typing import NDArray

    Attribute = int | float | str | Sequence[int]

MICROSOFT = "com.microsoft"  # onnxruntime's own fused operators
# The operators of ONNX that a graph is made of, as they were at that version, and the form of file that goes with it.
OPSET = 17
# From here on ONNX has attention itself, in three quarters of the time of onnxruntime's own.  Which onnxruntime knows
# it, verify_model.py says.
OPSET_WITH_ATTENTION = 23
IR_VERSIONS = {OPSET: 8, OPSET_WITH_ATTENTION: 11}
PRODUCER = b"cass"

FLOAT, UINT8, INT8, INT32, INT64 = 1, 2, 3, 6, 7
ELEMENT = {"float32": FLOAT, "uint8": UINT8, "int8": INT8, "int32": INT32, "int64": INT64}
_FLOAT, _INT, _STRING, _INTS = 1, 2, 3, 7  # kinds of attributes


class Graph:
    """A graph that is put together node by node.  Every value has a name; `node` and `tensor` give them back.

    opset: one of IR_VERSIONS.
    """

    def __init__(self, name: str, opset: int = OPSET) -> None:
        self._name = name
        self._opset = opset
        self._nodes: list[bytes] = []
        self._tensors: list[tuple[str, NDArray[Any]]] = []
        self._inputs: list[bytes] = []
        self._outputs: list[bytes] = []

    def input(self, name: str, element: int, shape: Sequence[str | int]) -> str:
        """What the caller gives; a dimension may be a name."""
        self._inputs.append(_value_info(name, element, shape))
        return name

    def output(self, name: str, element: int, shape: Sequence[str | int]) -> None:
        self._outputs.append(_value_info(name, element, shape))

    def tensor(self, name: str, value: NDArray[Any]) -> str:
        """A constant of the model, of a type in ELEMENT."""
        self._tensors.append((name, value))
        return name

    def node(self, kind: str, inputs: Sequence[str], output: str, domain: str = "", **attributes: Attribute) -> str:
        """One operation with one result, whose name is given back."""
        self.many(kind, inputs, (output,), domain, **attributes)
        return output

    def many(
        self, kind: str, inputs: Sequence[str], outputs: Sequence[str], domain: str = "", **attributes: Attribute
    ) -> None:
        """One operation with several results."""
        parts = [_text(1, each) for each in inputs] + [_text(2, each) for each in outputs]
        parts += [_text(3, outputs[0]), _text(4, kind)]
        parts += [_field(5, _attribute(name, value)) for name, value in sorted(attributes.items())]
        parts += [_text(7, domain)] if domain else []
        self._nodes.append(b"".join(parts))

    def write(self, file: BinaryIO) -> None:
        """The whole model, tensor by tensor, so that large ones are never held twice."""
        sizes = [_tensor_size(name, value) for name, value in self._tensors]
        head = b"".join(_field(1, node) for node in self._nodes) + _text(2, self._name)
        tail = b"".join([_field(11, each) for each in self._inputs] + [_field(12, each) for each in self._outputs])
        body = sum(len(_key(5, 2)) + len(_varint(size)) + size for size in sizes)
        file.write(_varint_field(1, IR_VERSIONS[self._opset]) + _field(2, PRODUCER))
        file.write(_key(7, 2) + _varint(len(head) + body + len(tail)) + head)
        for (name, value), size in zip(self._tensors, sizes, strict=True):
            file.write(_key(5, 2) + _varint(size))
            for part in _tensor(name, value):
                file.write(part)
        file.write(tail)
        for domain, version in (("", self._opset), (MICROSOFT, 1)):
            file.write(_field(8, _text(1, domain) + _varint_field(2, version)))


def _value_info(name: str, element: int, shape: Sequence[str | int]) -> bytes:
    sizes = [_varint_field(1, each) if isinstance(each, int) else _text(2, each) for each in shape]
    tensor = _varint_field(1, element) + _field(2, b"".join(_field(1, each) for each in sizes))
    return _text(1, name) + _field(2, _field(1, tensor))


def _attribute(name: str, value: Attribute) -> bytes:
    start = _text(1, name)
    if isinstance(value, float):
        return start + _key(2, 5) + struct.pack("<f", value) + _varint_field(20, _FLOAT)
    if isinstance(value, int):
        return start + _varint_field(3, value) + _varint_field(20, _INT)
    if isinstance(value, str):
        return start + _text(4, value) + _varint_field(20, _STRING)
    return start + b"".join(_varint_field(8, each) for each in value) + _varint_field(20, _INTS)


def _tensor_head(name: str, value: NDArray[Any]) -> bytes:
    sizes = b"".join(_varint_field(1, each) for each in value.shape)
    kind = _varint_field(2, ELEMENT[value.dtype.name])
    return sizes + kind + _text(8, name) + _key(9, 2) + _varint(value.nbytes)


def _tensor_size(name: str, value: NDArray[Any]) -> int:
    return len(_tensor_head(name, value)) + value.nbytes


def _tensor(name: str, value: NDArray[Any]) -> Iterator[bytes]:
    yield _tensor_head(name, value)
    little = value.astype(value.dtype.newbyteorder("<"), copy=False)
    yield little.tobytes()


def _field(number: int, data: bytes) -> bytes:
    return _key(number, 2) + _varint(len(data)) + data


def _text(number: int, text: str) -> bytes:
    return _field(number, text.encode())


def _varint_field(number: int, value: int) -> bytes:
    return _key(number, 0) + _varint(value)


def _key(number: int, wire: int) -> bytes:
    return _varint(number << 3 | wire)


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1  # negative numbers are written as their two's complement
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
