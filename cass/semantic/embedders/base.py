"""What every embedder gives: one unit vector a text, or an error that says who is to blame."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from collections.abc import Sequence
    from typing import Literal, Protocol

    Status = Literal["loading", "ok", "error", "closed"]
    Vector = array[float]  # of the type "f"

    class BaseEmbedder(Protocol):
        """Turns texts into vectors of one space.  After an error `status` says whose fault it was: still "ok", these
        texts'; "error", the embedder's own, and `reason` tells more.
        """

        @property
        def embedder_id(self) -> str:
            """The vector space: another id, other vectors."""

        @property
        def model_version(self) -> str:
            """The revision inside that space; "" as long as it is not known."""

        @property
        def dim(self) -> int:
            """Floats in a vector; 0 as long as it is not known."""

        @property
        def max_input_chars(self) -> int:
            """What of a longer text is looked at."""

        @property
        def is_loaded(self) -> bool: ...

        @property
        def status(self) -> Status: ...

        @property
        def reason(self) -> str | None:
            """Why `status` is "error"."""

        def load(self) -> None:
            """Get ready; never raises.  Once ready, calling it again does nothing."""

        def embed(self, texts: Sequence[str]) -> list[Vector]:
            """A unit vector a text, in their order; an empty one for a text in which nothing can be read.

            `[]` gives `[]` whatever the status.  Raises an EmbedderError.
            """

        def close(self) -> None:
            """Let go of memory and connections."""


# What 32-bit floats lose in a vector of unit length is far below this; an embedder that forgot to normalise, far above.
NORM_TOLERANCE = 1e-3
_FLOAT_MAX = sys.float_info.max


class EmbedderError(Exception):
    """No vectors.  `retry_after_s`: when asking again may help; `todo`: what mends it; None where nothing is known."""

    def __init__(self, what: str, retry_after_s: float | None = None, todo: str | None = None) -> None:
        super().__init__(what)
        self.retry_after_s = retry_after_s
        self.todo = todo


class EmbedderNotLoaded(EmbedderError):
    """Not installed, not loaded, closed, or resting after an error."""


class EmbedderTransportError(EmbedderError):
    """The model or its server could not do it."""


class EmbedderSchemaError(EmbedderError):
    """The answer is not what was asked for, or the texts were refused."""


class Checked:
    """An embedder whose answers are looked at: their count, dimension and length.  All else is the embedder's own."""

    __slots__ = ("_embedder",)

    def __init__(self, embedder: BaseEmbedder) -> None:
        self._embedder = embedder

    def __repr__(self) -> str:
        return f"Checked({self._embedder!r})"

    @property
    def embedder_id(self) -> str:
        return self._embedder.embedder_id

    @property
    def model_version(self) -> str:
        return self._embedder.model_version

    @property
    def dim(self) -> int:
        return self._embedder.dim

    @property
    def max_input_chars(self) -> int:
        return self._embedder.max_input_chars

    @property
    def is_loaded(self) -> bool:
        return self._embedder.is_loaded

    @property
    def status(self) -> Status:
        return self._embedder.status

    @property
    def reason(self) -> str | None:
        return self._embedder.reason

    @property
    def todo(self) -> str | None:
        """What mends that; None where the embedder knows nothing better than to look at it."""
        todo: str | None = getattr(self._embedder, "todo", None)
        return todo

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know although it works; known once it is loaded."""
        warnings: tuple[str, ...] = getattr(self._embedder, "warnings", ())
        return warnings

    @property
    def fewest_texts(self) -> int:
        """So many at once at least, where there are as many: one by one they would take as long each."""
        fewest: int = getattr(self._embedder, "fewest_texts", 1)
        return fewest

    def load(self) -> None:
        self._embedder.load()

    def close(self) -> None:
        self._embedder.close()

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """As the embedder's own; raises EmbedderSchemaError where a vector is not what it has to be."""
        if not texts:
            return []
        vectors = self._embedder.embed(texts)
        if len(vectors) != len(texts):
            raise EmbedderSchemaError(f"{self.embedder_id} gave {len(vectors)} vectors for {len(texts)} texts")
        for number, vector in enumerate(vectors):
            wrong = _fault(vector, self.dim)
            if wrong:
                raise EmbedderSchemaError(f"{self.embedder_id} gave a vector that is {wrong} (text {number})")
        return vectors


def _fault(vector: Vector, dim: int) -> str | None:
    """What is wrong with it.  An empty vector is right: nothing could be read in its text."""
    if not vector:
        return None
    if len(vector) != dim:
        return f"of {len(vector)} floats instead of {dim}"
    from math import hypot  # in machine code of its own: `status` loads this module for the errors' names

    length = hypot(*vector)
    if not length <= _FLOAT_MAX:  # a NaN is not comparable
        return "not finite"
    return None if abs(length - 1) <= NORM_TOLERANCE else f"of length {length:.4g} instead of 1"
