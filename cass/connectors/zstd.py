"""Zstandard, decompressed without any library: the format of RFC 8878, all but dictionaries.

It gives two or three megabytes a second: enough for texts that are read once, when they change.
"""

from __future__ import annotations

import io

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Read = Callable[[int], bytes]

MAX_BYTES = 64 << 20

_MAGIC = 0xFD2FB528
_SKIPPABLE = 0x184D2A50
_RAW, _RLE, _COMPRESSED, _REPEAT = range(4)
_MAX_BLOCK = 128 << 10

# RFC 8878, 3.1.1.3.2.1.1: the first value of each code, and how many more bits follow it.
_LENGTH_BASES = (*range(16), 16, 18, 20, 22, 24, 28, 32, 40, 48, *[1 << at for at in range(6, 17)])
_LENGTH_BITS = (*[0] * 16, 1, 1, 1, 1, 2, 2, 3, 3, 4, *range(6, 17))
_MATCH_BASES = (*range(3, 35), 35, 37, 39, 41, 43, 47, 51, 59, 67, 83, 99, *[(1 << at) + 3 for at in range(7, 17)])
_MATCH_BITS = (*[0] * 32, 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, *range(7, 17))
# RFC 8878, 3.1.1.3.2.2: how often each code is, where a block does not say it; -1 is less than once.
_LENGTH_COUNTS = (4, 3, *[2] * 11, 1, 1, 1, *[2] * 9, 3, 2, *[1] * 5, *[-1] * 4)
_MATCH_COUNTS = (1, 4, 3, *[2] * 6, *[1] * 37, *[-1] * 7)
_OFFSET_COUNTS = (*[1] * 6, 2, 2, 2, *[1] * 15, *[-1] * 5)


class NotZstd(ValueError):
    """The bytes are not what they should be."""


def decompress(data: bytes) -> bytes:
    """The content of all frames.  Raises NotZstd, also for more than 64 MB."""
    return b"".join(decompressed(io.BytesIO(data).read))


def decompressed(read: Read, most_bytes: int = MAX_BYTES) -> Iterator[bytes]:
    """The content of the frames that `read` hands over, block by block.  Raises NotZstd, also beyond `most_bytes`."""
    size = 0
    try:
        for piece in _frames(read):
            size += len(piece)
            if size > most_bytes:
                raise NotZstd(f"it has more than {most_bytes >> 20} MB")
            yield piece
    except (IndexError, OverflowError, MemoryError) as bad:
        raise NotZstd("it is damaged") from bad


def _frames(read: Read) -> Iterator[bytes]:
    while head := read(1):
        magic = int.from_bytes(head + _taken(read, 3), "little")
        if magic & 0xFFFFFFF0 == _SKIPPABLE:
            _pass_over(read, int.from_bytes(_taken(read, 4), "little"))
        elif magic == _MAGIC:
            yield from _Frame(read).blocks()
        else:
            raise NotZstd("it does not begin as it should")


def _taken(read: Read, size: int) -> bytes:
    data = read(size)
    while len(data) < size and (more := read(size - len(data))):
        data += more
    if len(data) < size:
        raise NotZstd("it ends too early")
    return data


def _pass_over(read: Read, size: int) -> None:
    while size > 0 and (data := read(min(size, _MAX_BLOCK))):
        size -= len(data)


def _number(data: bytes, at: int, size: int) -> int:
    if at + size > len(data):
        raise NotZstd("it ends too early")
    return int.from_bytes(data[at : at + size], "little")


class _Bits:
    """Bits from the end of `data` to its start, the way they were written; behind the start come zeros."""

    def __init__(self, data: bytes) -> None:
        if not data or not data[-1]:
            raise NotZstd("its bits have no end")
        self.data = data
        self.left = len(data) * 8 - 9 + data[-1].bit_length()

    def read(self, count: int) -> int:
        self.left -= count
        at = self.left
        if at >= 0:
            return int.from_bytes(self.data[at >> 3 : (at >> 3) + 8], "little") >> (at & 7) & ((1 << count) - 1)
        there = max(0, at + count)
        return (int.from_bytes(self.data[:8], "little") & ((1 << there) - 1)) << (count - there)


class _States:
    """A table of finite state entropy: each state's symbol, bits to read, and what they are added to."""

    def __init__(self, counts: Sequence[int], log: int) -> None:
        size = 1 << log
        self.log = log
        self.symbols = [0] * size
        following = [abs(count) for count in counts]
        high = size
        for symbol, count in enumerate(counts):
            if count == -1:
                high -= 1
                self.symbols[high] = symbol
        step, at = (size >> 1) + (size >> 3) + 3, 0
        for symbol, count in enumerate(counts):
            for _ in range(max(0, count)):
                self.symbols[at] = symbol
                at = (at + step) & (size - 1)
                while at >= high:
                    at = (at + step) & (size - 1)
        self.bits, self.bases = [0] * size, [0] * size
        for state, symbol in enumerate(self.symbols):
            number = following[symbol]
            following[symbol] += 1
            self.bits[state] = log + 1 - number.bit_length()
            self.bases[state] = (number << self.bits[state]) - size

    def next(self, state: int, bits: _Bits) -> int:
        return self.bases[state] + bits.read(self.bits[state])


def _read_states(data: bytes, at: int, largest: int) -> tuple[_States, int]:
    """A table as it is written (RFC 8878, 4.1.1), and where it ends."""
    value = int.from_bytes(data[at : at + 512], "little")
    log, used = (value & 15) + 5, 4
    if log > largest:
        raise NotZstd("a table is too large")
    left, counts = 1 << log, []
    while left > 0:
        width = (left + 1).bit_length()
        number, low = value >> used & ((1 << width) - 1), (1 << (width - 1)) - 1
        few = (1 << width) - 2 - left
        used += width
        if number & low < few:
            number &= low
            used -= 1
        elif number > low:
            number -= few
        counts.append(number - 1)
        left -= abs(number - 1)
        repeat = 3 if number == 1 else 0
        while repeat == 3:
            repeat = value >> used & 3
            used += 2
            counts += [0] * repeat
        if len(counts) > 256:
            raise NotZstd("a table has too many symbols")
    if left < 0 or at + (used + 7 >> 3) > len(data):
        raise NotZstd("a table is damaged")
    return _States(counts, log), at + (used + 7 >> 3)


class _Codes:
    """A Huffman table: for each run of `longest` bits the symbol it begins with, and that symbol's length."""

    def __init__(self, weights: list[int]) -> None:
        total = sum(1 << weight >> 1 for weight in weights)
        self.longest = longest = total.bit_length()
        rest = (1 << longest) - total
        if not total or longest > 11 or rest & (rest - 1):
            raise NotZstd("its codes do not add up")
        lengths = [longest + 1 - weight if weight else 0 for weight in [*weights, rest.bit_length()]]
        self.symbols, self.lengths = [0] * (1 << longest), [0] * (1 << longest)
        at = 0
        for length in range(longest, 0, -1):
            run = 1 << (longest - length)
            for symbol in (symbol for symbol, its in enumerate(lengths) if its == length):
                self.symbols[at : at + run] = [symbol] * run
                self.lengths[at : at + run] = [length] * run
                at += run

    def decode(self, data: bytes, count: int) -> bytes:
        """The `count` symbols of one stream."""
        out, left = bytearray(count), _Bits(data).left
        longest, symbols, lengths = self.longest, self.symbols, self.lengths
        mask = (1 << longest) - 1
        for number in range(count):
            at = left - longest
            if at >= 0:
                code = int.from_bytes(data[at >> 3 : (at >> 3) + 3], "little") >> (at & 7) & mask
            else:
                code = int.from_bytes(data[:3], "little") << -at & mask
            out[number] = symbols[code]
            left -= lengths[code]
        if left:
            raise NotZstd("a stream does not end where it should")
        return bytes(out)


def _read_codes(data: bytes, at: int) -> tuple[_Codes, int]:
    """A Huffman table as it is written (RFC 8878, 4.2.1), and where it ends."""
    head = data[at]
    at += 1
    if head >= 128:
        count = head - 127
        pairs = data[at : at + (count + 1 >> 1)]
        return _Codes([half for pair in pairs for half in (pair >> 4, pair & 15)][:count]), at + len(pairs)
    states, start = _read_states(data[: at + head], at, 6)
    bits = _Bits(data[start : at + head])
    first, second = bits.read(states.log), bits.read(states.log)
    weights: list[int] = []
    while len(weights) < 255:
        weights.append(states.symbols[first])
        first, second = second, states.next(first, bits)
        if bits.left < 0:
            weights.append(states.symbols[first])
            break
    return _Codes(weights), at + head


class _Frame:
    """One frame.  Of what came out of it, as much is held as later blocks may repeat."""

    def __init__(self, read: Read) -> None:
        self.read = read
        self.out = bytearray()
        self.codes: _Codes | None = None
        self.tables: list[_States | None] = [None, None, None]
        self.recent = [1, 4, 8]

    def blocks(self) -> Iterator[bytes]:
        """What each block holds, to the frame's end."""
        flags = _taken(self.read, 1)[0]
        window = self._window(flags)
        is_last = False
        while not is_last:
            head = int.from_bytes(_taken(self.read, 3), "little")
            is_last, before = bool(head & 1), len(self.out)
            self._block(head >> 1 & 3, head >> 3)
            yield bytes(self.out[before:])
            if len(self.out) > 2 * window:
                del self.out[: len(self.out) - window]
        _taken(self.read, 4 if flags & 4 else 0)  # a checksum

    def _window(self, flags: int) -> int:
        """How far back blocks may look (RFC 8878, 3.1.1.1)."""
        is_single = flags >> 5 & 1
        if flags & 3:
            raise NotZstd("it needs a dictionary")
        window = 0 if is_single else _taken(self.read, 1)[0]
        size = _taken(self.read, (is_single, 2, 4, 8)[flags >> 6])
        if is_single:
            return max(_MAX_BLOCK, int.from_bytes(size, "little") + (256 if len(size) == 2 else 0))
        base = 1 << 10 + (window >> 3)
        return max(_MAX_BLOCK, base + (base >> 3) * (window & 7))

    def _block(self, kind: int, size: int) -> None:
        if kind == _REPEAT:
            raise NotZstd("it ends too early")
        if kind == _COMPRESSED:
            block = _taken(self.read, size)
            literals, start = self._literals(block)
            self._sequences(block, start, literals)
        elif kind == _RLE:
            self.out += _taken(self.read, 1) * size
        else:
            self.out += _taken(self.read, size)

    def _literals(self, block: bytes) -> tuple[bytes, int]:
        """The bytes that are no repetitions, and where they end (RFC 8878, 3.1.1.3.1)."""
        kind, form = block[0] & 3, block[0] >> 2 & 3
        if kind in (_RAW, _RLE):
            width, shift = ((1, 3), (2, 4), (1, 3), (3, 4))[form]
            size = _number(block, 0, width) >> shift
            end = width + (1 if kind == _RLE else size)
            return block[width:end] * (size if kind == _RLE else 1), end
        width, bits = ((3, 10), (3, 10), (4, 14), (5, 18))[form]
        head = _number(block, 0, width) >> 4
        size, end = head & ((1 << bits) - 1), width + (head >> bits)
        at = width
        if kind == _COMPRESSED:
            self.codes, at = _read_codes(block, at)
        if self.codes is None or end > len(block):
            raise NotZstd("it has no codes")
        if not form:
            return self.codes.decode(block[at:end], size), end
        stops = [at + 6]
        for number in range(3):
            stops.append(stops[-1] + _number(block, at + 2 * number, 2))
        stops.append(end)
        each = size + 3 >> 2
        counts = (each, each, each, size - 3 * each)
        codes = self.codes
        parts = [codes.decode(block[stops[n] : stops[n + 1]], count) for n, count in enumerate(counts)]
        return b"".join(parts), end

    def _sequences(self, block: bytes, at: int, literals: bytes) -> None:
        """Literals and repetitions in turn (RFC 8878, 3.1.1.3.2)."""
        count = block[at]
        at += 1
        if count == 255:
            count, at = _number(block, at, 2) + 0x7F00, at + 2
        elif count > 127:
            count, at = (count - 128 << 8) + block[at], at + 1
        if not count:
            self.out += literals
            return
        modes = block[at]
        at += 1
        kinds = ((_LENGTH_COUNTS, 6, 9), (_OFFSET_COUNTS, 5, 8), (_MATCH_COUNTS, 6, 9))
        for number, (counts, log, largest) in enumerate(kinds):
            mode = modes >> (6 - 2 * number) & 3
            if mode == _RAW:
                self.tables[number] = _States(counts, log)
            elif mode == _RLE:
                self.tables[number] = _one_symbol(block[at])
                at += 1
            elif mode == _COMPRESSED:
                self.tables[number], at = _read_states(block, at, largest)
        self._copy(_Bits(block[at:]), count, literals)

    def _copy(self, bits: _Bits, count: int, literals: bytes) -> None:
        lengths, offsets, matches = self.tables
        if lengths is None or offsets is None or matches is None:
            raise NotZstd("it has no tables")
        states = [bits.read(table.log) for table in (lengths, offsets, matches)]
        taken = 0
        for number in range(count):
            length_code, match_code = lengths.symbols[states[0]], matches.symbols[states[2]]
            code = offsets.symbols[states[1]]
            value = (1 << code) + bits.read(code)
            match = _MATCH_BASES[match_code] + bits.read(_MATCH_BITS[match_code])
            length = _LENGTH_BASES[length_code] + bits.read(_LENGTH_BITS[length_code])
            self.out += literals[taken : taken + length]
            taken += length
            self._repeat(self._offset(value, length), match)
            if number < count - 1:
                states[0] = lengths.next(states[0], bits)
                states[2] = matches.next(states[2], bits)
                states[1] = offsets.next(states[1], bits)
        if bits.left or taken > len(literals):
            raise NotZstd("a block does not end where it should")
        self.out += literals[taken:]

    def _offset(self, value: int, length: int) -> int:
        """How far back: a number, or one of the three used last (RFC 8878, 3.1.1.5)."""
        recent = self.recent
        if value > 3:
            self.recent = [value - 3, recent[0], recent[1]]
            return value - 3
        at = value - 1 + (length == 0)
        offset = recent[0] - 1 if at == 3 else recent[at]
        if at:
            self.recent = [offset, recent[0], recent[1] if at > 1 else recent[2]]
        return offset

    def _repeat(self, offset: int, count: int) -> None:
        start = len(self.out) - offset
        if offset < 1 or start < 0:
            raise NotZstd("it repeats what is not there")
        if offset >= count:
            self.out += self.out[start : start + count]
        else:
            part = bytes(self.out[start:])
            self.out += (part * (count // offset + 1))[:count]


def _one_symbol(symbol: int) -> _States:
    table = _States([1], 0)
    table.symbols = [symbol]
    return table
