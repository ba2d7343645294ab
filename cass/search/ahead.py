"""Open the quality tier's model while the words' candidates are put in order, where it will be asked.

A cold process opens a model for as long as it does everything else together.  Whether it is asked is known as soon as
the index has answered, by how many of the words a message has: the graph is opened from then on, in a thread that needs
next to no Python, beside the order of the words and the fast tier.
"""

from __future__ import annotations

import os

from cass.search.weighing import ADDS_ONLY, question, share_beside_words
from cass.semantic.manifest import QUALITY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.paths import Places
    from cass.search.engine import Search
    from cass.search.request import Found


def begin(search: Search, found: Found, places: Places) -> None:
    """Have the search's model opened, unless it would not be asked, is open elsewhere, or takes too long here."""
    text = question(search)
    if text is None or share_beside_words(text, found.rung, QUALITY) == ADDS_ONLY:
        return
    if os.path.exists(os.path.join(places.vectors, QUALITY)):
        _open(search, places)


def _open(search: Search, places: Places) -> None:
    # What it takes to ask vectors is loaded for those that will be asked.
    from cass.asking import is_ours, socket_path
    from cass.query.blend import WEIGHTS, weights_of
    from cass.search.meaning import policy_of
    from cass.search.quality import AHEAD, INSTALLED, Cost, installed_model, kind_of
    from cass.semantic.embedders.table import beside

    values = dict(search.request.semantic)
    policy, around = policy_of(values), beside(values)
    name = policy.quality_tier_embedder
    if not policy.wants_quality_tier or not weights_of(str(values.get("search.weights", WEIGHTS)))[QUALITY]:
        return
    if is_ours(socket_path(places)) or kind_of(name, places.data, around) != INSTALLED:
        return
    if Cost(places.cache, AHEAD, search.now_ms).expected_ms >= policy.semantic_wait_ms:
        return
    model = installed_model(name, places.data)
    if model is not None and model.begin():
        search.begun = model
