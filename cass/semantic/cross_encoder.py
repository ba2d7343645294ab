"""A reranker: an installed cross-encoder's ONNX file, which reads a question and a text together and scores the text.

It is run as the quality tier's model is, by onnxruntime and tokenizers directly (`embedders/onnx.py`), from local files
only.
Nogueira and Cho, "Passage Re-ranking with BERT", 2019.
"""

from __future__ import annotations

from cass.semantic.bert_graph import SCORE
from cass.semantic.embedders.base import EmbedderNotLoaded, EmbedderTransportError
from cass.semantic.embedders.onnx import OnnxModel, first_line
from cass.semantic.known_models import RERANKER
from cass.semantic.models import find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class CrossEncoder(OnnxModel):
    """An installed model that scores texts for a question."""

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers, in their order; higher is better, and only those of one question compare.

        They run together, padded to the longest.  A pair is cut where the model ends, its longer half first.
        Raises EmbedderNotLoaded, and EmbedderTransportError where the model fails or gives what is no number.
        """
        if not texts:
            return []
        if not self.is_loaded:
            raise EmbedderNotLoaded(self.reason or "the model is not loaded")
        most = self.max_input_chars
        try:
            pairs = [self._tokenizer.encode(question[:most], text[:most]) for text in texts]
            scores = [float(row[0]) for row in self._run(pairs, SCORE)]
        except Exception as lost:  # onnxruntime and tokenizers have no common error of their own
            raise EmbedderTransportError(f"the model failed: {first_line(lost)}") from lost
        if any([score - score != 0 for score in scores]):
            raise EmbedderTransportError("the model gives scores that are no numbers")
        return scores


def open_reranker(data: str, name: str, threads: int = 1, once: bool = False) -> CrossEncoder | None:
    """The reranker of that name, not loaded yet; None where none is installed, or a model of another kind."""
    model = find(data, name)
    return CrossEncoder(model, threads, once=once) if model is not None and model.kind == RERANKER else None
