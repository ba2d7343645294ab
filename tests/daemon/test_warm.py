"""The model that the worker keeps open for those who ask."""

from __future__ import annotations

from pathlib import Path

import pytest

from cass.daemon.warm import KEPT_S, NotOpen, WarmModel
from cass.semantic.embedders.base import EmbedderNotLoaded
from cass.semantic.embedders.table import EmbedderOptions
from tests.search.tiers import MODEL, tiny_model

TEXT = "which of the animals has teeth"


@pytest.fixture
def data(tmp_path: Path) -> str:
    pytest.importorskip("onnxruntime")
    return str(tiny_model(tmp_path))


def test_a_question_in_a_hurry_does_not_wait_until_it_is_open(data: str):
    """Its own process is quicker; the next question finds it open."""
    model = WarmModel(data)
    with pytest.raises(NotOpen):
        model.question(MODEL, lambda: 0.2)
    patient = model.question(MODEL, lambda: None)
    assert patient is not None
    vector = patient.embed([TEXT])
    hurried = model.question(MODEL, lambda: 0.2)

    assert hurried is not None and hurried.is_loaded
    assert hurried.embed([TEXT]) == vector


def test_one_that_was_let_go_is_opened_again(data: str):
    """Also for whoever has just been given it: a question, work in the background, another process."""
    model = WarmModel(data)
    question = model.question(MODEL, lambda: None)
    work = model.build(MODEL, EmbedderOptions(data=data))
    assert question is not None
    vector = question.embed([TEXT])
    model.let_go()

    assert question.embed([TEXT]) == vector
    model.let_go()
    assert work.embed([TEXT]) == vector
    model.let_go()
    assert model.for_others(MODEL).embedder.embedder_id == question.embedder_id


def test_work_goes_in_batches_of_the_settings_of_the_moment(data: str):
    """`worker.batch`, also where a question has opened the model before; a question goes alone."""
    model = WarmModel(data)
    question = model.question(MODEL, lambda: None)
    assert question is not None
    question.embed([TEXT])
    before = model.for_others(MODEL).counts().batches
    batches = []
    for batch in (2, 3):
        model.build(MODEL, EmbedderOptions(data=data, batch=batch)).embed([f"{batch} {n}" for n in range(6)])
        batches.append(model.for_others(MODEL).counts().batches)

    assert (before, batches) == (1, [4, 6])


def test_work_takes_no_more_threads_than_it_may(data: str):
    """Where fewer are allowed than it was opened with, it is opened anew; a question takes it as it is."""
    model = WarmModel(data)

    def opened(threads: int) -> object:
        model.build(MODEL, EmbedderOptions(data=data, threads=threads)).embed([TEXT])
        return model.for_others(MODEL)

    with_two, with_one, with_more = opened(2), opened(1), opened(4)

    assert with_one is not with_two
    assert with_more is with_one


def test_it_is_let_go_when_nobody_has_asked_for_a_while(data: str):
    now_s = [0.0]
    model = WarmModel(data, lambda: now_s[0])
    first = model.for_others(MODEL)
    model.let_go_if_idle()
    same = model.for_others(MODEL)
    now_s[0] = KEPT_S
    model.let_go_if_idle()

    assert same is first
    assert model.for_others(MODEL) is not first


def test_what_is_not_installed_is_kept_for_nobody(tmp_path: Path):
    model = WarmModel(str(tmp_path))
    with pytest.raises(EmbedderNotLoaded, match="no model minilm is installed"):
        model.for_others(MODEL)

    assert model.question(MODEL, lambda: None) is None


def test_what_was_read_ahead_is_not_read_again(data: str):
    """The question's vector is made while the search does something else, and once."""
    model = WarmModel(data)
    question = model.question(MODEL, lambda: None)
    assert question is not None
    question.embed(["another question"])
    model.read_ahead(MODEL, TEXT)
    vector = question.embed([TEXT])
    done = model.for_others(MODEL).counts()

    assert [len(one) for one in vector] == [question.dim]
    assert (done.texts, done.encoded, done.shared + done.from_cache) == (3, 2, 1)


def test_nothing_is_opened_to_read_ahead(data: str):
    """That is for the question itself, which knows whether it can wait."""
    model = WarmModel(data)
    model.read_ahead(MODEL, TEXT)
    patient = model.question(MODEL, lambda: None)
    assert patient is not None
    patient.embed([TEXT])
    model.read_ahead("another", TEXT)

    assert model.for_others(MODEL).counts().texts == 1
