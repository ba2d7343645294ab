"""One model for many who ask."""

from __future__ import annotations

import threading

from cass.semantic.batcher import Batcher, ShuttingDown
from cass.semantic.embedders.base import EmbedderNotLoaded, EmbedderTransportError
from tests.semantic.held_embedder import WAIT_S, Answers, HeldEmbedder, vector

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cass.semantic.embedders.base import Vector


def asking(**how: int) -> tuple[HeldEmbedder, Answers]:
    embedder = HeldEmbedder()
    return embedder, Answers(Batcher(embedder, **how))


def busy(**how: int) -> tuple[HeldEmbedder, Answers]:
    """A model that is in the middle of a batch."""
    embedder, answers = asking(**how)
    answers.ask("first", "first")
    assert embedder.started.acquire(timeout=20)
    return embedder, answers


def test_an_idle_model_runs_at_once():
    """A lone question waits for nobody to fill its batch."""
    embedder, answers = asking()
    embedder.free()
    answers.ask("one", "a text")
    answers.wait()

    assert answers.found == {"one": [vector("a text")]}


def test_what_came_meanwhile_is_the_next_batch():
    """The shortest texts first, each once."""
    embedder, answers = busy()
    for number, text in enumerate(["ccc", "a", "bb", "a"]):
        answers.ask(str(number), text)
    embedder.free()
    answers.wait(5)

    assert embedder.batches == [["first"], ["a", "bb", "ccc"]]
    assert answers.found["1"] == answers.found["3"] == [vector("a")]


def test_a_question_goes_before_work_in_the_background():
    """It waits for the batch that runs, and for nothing else."""
    embedder, answers = busy(later_max=2)
    answers.ask("work", *[f"work {number}" for number in range(5)], is_urgent=False)
    answers.ask("question", "question")
    embedder.free()
    answers.wait(3)

    assert answers.order == ["first", "question", "work"]
    assert [len(batch) for batch in embedder.batches] == [1, 1, 2, 2, 1]


def test_a_text_of_the_background_that_somebody_asks_for_goes_first():
    embedder, answers = busy(later_max=1)
    answers.ask("work", "a", "b", "c", is_urgent=False)
    answers.ask("question", "c")
    embedder.free()
    answers.wait(3)

    assert embedder.batches == [["first"], ["c"], ["a"], ["b"]]


def test_a_batch_has_so_many_texts_at_most():
    embedder, answers = busy(batch_max=3)
    answers.ask("many", *[str(number) for number in range(7)])
    embedder.free()
    answers.wait(2)

    assert [len(batch) for batch in embedder.batches] == [1, 3, 3, 1]


def test_work_in_the_background_may_go_in_larger_batches_than_questions():
    """Where each question is to be alone: its vector must not depend on its neighbours."""
    embedder, answers = busy(batch_max=1, later_max=3)
    answers.ask("work", "a", "b", "c", is_urgent=False)
    answers.ask("question", "d")
    answers.ask("another", "e")
    embedder.free()
    answers.wait(4)

    assert embedder.batches == [["first"], ["d"], ["e"], ["a", "b", "c"]]


def test_a_model_may_be_opened_before_anything_is_asked():
    opened = threading.Event()

    class Closed(HeldEmbedder):
        def load(self) -> None:
            opened.set()

    embedder = Closed(free=True)
    embedder.status = "loading"
    Batcher(embedder).begin()

    assert opened.wait(WAIT_S)
    assert embedder.batches == []


def test_one_poisoned_text_fails_its_own_question_only():
    """The batch is halved until it is alone."""
    embedder, answers = busy()
    for number in range(31):
        answers.ask(f"good {number}", f"good {number}")
    answers.ask("bad", "poison")
    embedder.free()
    answers.wait(33)

    assert isinstance(answers.found.pop("bad"), EmbedderTransportError)
    assert all(isinstance(found, list) for found in answers.found.values())


def test_an_embedder_that_is_at_fault_is_not_blamed_on_texts():
    """Nobody halves anything; what mends it is tried with the next batch."""
    embedder, answers = busy()
    answers.ask("some", "a", "b")
    embedder.status, embedder.reason = "error", "its server is away"
    embedder.free()
    answers.wait(2)

    assert isinstance(answers.found["some"], EmbedderNotLoaded)
    assert str(answers.found["some"]) == "its server is away"
    assert embedder.batches == [["first"]]


def test_the_same_text_again_costs_nothing():
    """Also while it is being made; the cache holds the last ones."""
    embedder, answers = busy(cache_size=2)
    answers.ask("meanwhile", "first")
    embedder.free()
    answers.wait(2)
    answers.ask("later", "first")
    answers.wait()

    assert embedder.batches == [["first"]]
    assert (answers.batcher.counts().shared, answers.batcher.counts().from_cache) == (1, 1)


def test_the_cache_forgets_what_was_not_asked_for_longest():
    embedder, answers = asking(cache_size=2)
    embedder.free()
    for text in ("a", "b", "a", "c", "a", "b"):
        answers.ask(text, text)
        answers.wait()

    assert embedder.batches == [["a"], ["b"], ["c"], ["b"]]


def test_an_error_is_not_kept():
    embedder, answers = asking()
    embedder.free()
    for _ in range(2):
        answers.ask("bad", "poison")
        answers.wait()

    assert len(embedder.batches) == 2


def test_without_a_cache_every_text_is_made():
    embedder, answers = asking(cache_size=0)
    embedder.free()
    for _ in range(2):
        answers.ask("a", "a")
        answers.wait()

    assert len(embedder.batches) == 2


def test_nothing_can_be_read_in_a_blank_text():
    """The model is not asked."""
    embedder, answers = asking()
    answers.ask("blank", " \n", "")
    answers.ask("none")

    assert [[len(one) for one in found] for found in answers.found.values()] == [[0, 0], []]
    assert embedder.batches == []


def test_the_end_finishes_what_was_taken():
    """And takes nothing more."""
    embedder, answers = busy()
    answers.ask("waiting", "a")
    ending = threading.Thread(target=answers.batcher.drain, args=(20,))
    embedder.free()
    ending.start()
    answers.wait(2)
    ending.join()
    answers.ask("late", "b")

    assert answers.found["waiting"] == [vector("a")]
    assert isinstance(answers.found["late"], ShuttingDown)


def test_what_cannot_be_finished_in_time_is_told_so():
    """A model that hangs holds nobody up; its answer, should it come, is nobody's any more."""
    embedder, answers = busy()
    answers.ask("waiting", "a")
    answers.batcher.drain(0)
    answers.wait(2)
    embedder.free()

    assert [type(found) for found in answers.found.values()] == [ShuttingDown, ShuttingDown]
    assert len(answers.order) == 2


def test_whoever_finds_the_model_idle_may_run_it():
    """To wake another thread takes longer than a small model."""
    threads: list[threading.Thread] = []
    batcher = Batcher(HeldEmbedder(free=True))
    batcher.submit(["a"], lambda found: threads.append(threading.current_thread()), may_run=True)

    assert threads == [threading.current_thread()]


def test_what_comes_while_somebody_runs_the_model_is_the_next_batch():
    """Also of those who may not run it, and of work in the background; nothing waits for another question."""
    embedder, answers = asking()
    leader = threading.Thread(target=lambda: answers.ask("first", "first", may_run=True))
    leader.start()
    assert embedder.started.acquire(timeout=WAIT_S)
    answers.ask("second", "b", may_run=True)
    answers.ask("third", "c")
    answers.ask("work", "d", is_urgent=False)
    embedder.free()
    answers.wait(4)
    leader.join()

    assert embedder.batches == [["first"], ["b", "c"], ["d"]]


def test_work_in_the_background_is_done_by_the_thread_whose_it_is():
    """That one is nice; the batcher's own may have been begun by a question, which is not."""
    threads: list[threading.Thread] = []

    class Watched(HeldEmbedder):
        def embed(self, texts: Sequence[str]) -> list[Vector]:
            threads.append(threading.current_thread())
            return super().embed(texts)

    batcher = Batcher(Watched(free=True), later_max=2)
    batcher.begin()
    batcher.submit(["a", "b", "c", "d", "e"], lambda found: None, is_urgent=False, may_run=True)

    assert threads == [threading.current_thread()] * 3


def test_a_question_does_not_wait_for_the_background():
    """It is the next batch, whoever runs the model."""
    embedder, answers = asking()
    answers.batcher.later_max = 1
    texts = ("d", "e", "f")
    worker = threading.Thread(target=lambda: answers.ask("work", *texts, is_urgent=False, may_run=True))
    worker.start()
    assert embedder.started.acquire(timeout=WAIT_S)
    answers.ask("question", "a")
    embedder.free()
    answers.wait(2)
    worker.join()

    assert embedder.batches == [["d"], ["a"], ["e"], ["f"]]


def test_the_end_waits_for_whoever_runs_the_model():
    embedder, answers = asking()
    leader = threading.Thread(target=lambda: answers.ask("first", "first", may_run=True))
    leader.start()
    assert embedder.started.acquire(timeout=WAIT_S)
    ending = threading.Thread(target=lambda: answers.batcher.drain(WAIT_S))
    ending.start()
    embedder.free()
    ending.join()
    leader.join()

    assert isinstance(answers.found["first"], list)
