"""Which network a page shows: by choice, link and order; what is missing or damaged gets a sentence."""

import math
import shutil

import numpy as np
import pytest

from cnnlab import files
from cnnlab.data import photos
from cnnlab.runs import Checkpoint, Phase, Store, records
from cnnlab.runs.attempt import Attempt
from tests.conftest import ROOT
from tests.support.networks import probabilities
from tests.support.pages import again, centre, galleries, go, open_page, sent, sound, words
from tests.support.runs import CIFAR10, create, network

pytestmark = pytest.mark.usefixtures("nothing_shipped")


def bars(at) -> list[float]:
    """Return the lengths of the bars on Classify, in per cent."""
    return sent(at, "bars")[0]["columns"][0]["lengths"]


def test_ones_own_network_comes_first_and_is_named_in_the_address(store):
    theirs, mine = network(store, owner="somebody"), network(store)
    network(store, owner="somebody else")
    at = open_page("inside")
    choice = at.selectbox(key="network.run")
    assert choice.value == mine.id and at.query_params["run"] == mine.id
    assert choice.options[0].startswith(mine.id) and "yours" in choice.options[0]
    assert len(choice.options) == 3 and "yours" not in choice.options[1] + choice.options[2]
    sound(choice.select(theirs.id).run())
    assert at.query_params["run"] == theirs.id
    go(at, "classify")
    assert at.selectbox(key="network.run").value == theirs.id  # one choice for all pages


def test_a_link_decides_and_a_new_link_decides_anew(store):
    one, other = network(store), network(store)
    at = open_page("classify", query={"run": one.id})
    assert at.selectbox(key="network.run").value == one.id
    at.query_params["run"] = other.id
    assert again(at).selectbox(key="network.run").value == other.id


@pytest.mark.parametrize("name", ["inside", "classify"])
@pytest.mark.parametrize("link", ["nosuch-123", "../../etc", "x" * 3000])
def test_an_unknown_run_gets_a_sentence_and_another_network(store, name, link):
    mine = network(store)
    at = open_page(name, query={"run": link})
    assert "There is no run called" in at.warning[0].value
    assert at.selectbox(key="network.run").value == mine.id == at.query_params["run"]
    assert not again(at).warning  # said once


def test_a_run_without_an_epoch_gets_a_sentence(store):
    network(store)
    empty = network(store, phase="stopped", rows=0)
    at = open_page("inside", query={"run": empty.id})
    assert f"Run {empty.id} has not finished an epoch yet" in at.warning[0].value


@pytest.mark.parametrize(
    ("file", "content"), [("weights.npz", b"PK\x03\x04"), ("config.json", b"{"), ("weights.npz", b"")]
)
def test_a_damaged_run_gets_a_sentence_and_another_network(store, file, content):
    sound, broken = network(store), network(store)
    (broken.folder / file).write_bytes(content)
    at = open_page("classify", query={"run": broken.id})
    assert f"The file {file} of run {broken.id} is missing or damaged" in at.warning[0].value
    assert at.selectbox(key="network.run").value == sound.id
    assert math.isclose(sum(bars(at)), 100, abs_tol=0.06)


def test_weights_that_do_not_fit_get_a_sentence(store):
    sound, broken = network(store), network(store)
    weights = broken.weights()
    weights["conv_1/kernel"] = np.zeros((5, 5, 3, 4), np.float32)
    files.write_arrays(broken.folder / "weights.npz", weights)
    at = open_page("inside", query={"run": broken.id})
    assert "do not fit its configuration" in at.warning[0].value and "(5, 5, 3, 4)" in at.warning[0].value
    assert at.selectbox(key="network.run").value == sound.id


def test_a_run_deleted_while_it_is_looked_at_gets_a_sentence(store):
    sound, gone = network(store), network(store)
    at = open_page("inside", query={"run": gone.id})
    shutil.rmtree(gone.folder)
    again(at)
    assert f"There is no run called {gone.id}" in at.warning[0].value
    assert at.selectbox(key="network.run").value == sound.id


@pytest.mark.parametrize("name", ["home", "inside", "classify"])
def test_without_any_network_the_way_to_train_is_shown(store, name):
    at = open_page(name)
    assert "No network has been trained here yet" in at.info[0].value
    assert any("Train" in link.proto.label for link in at.get("page_link"))


def test_without_an_own_network_a_shipped_one_is_shown_before_others(store, monkeypatch):
    network(store, owner="somebody")
    monkeypatch.setattr(records, "SHIPPED", ROOT / "cnnlab" / "pretrained")
    at = open_page("classify")
    choice = at.selectbox(key="network.run")
    shipped = Store().shipped()[0]
    assert choice.value == shipped.id and "comes with the app" in choice.options[-1]
    assert bars(at) == pytest.approx(100 * probabilities(shipped, centre(photos.sample("cat"))), abs=0.006)


def test_a_run_is_shown_while_it_trains_and_its_next_epoch_too(store):
    weights = network(store, seed=1, owner="somebody").weights()
    run = create(store, CIFAR10)
    with Attempt(run, run.claim("test")) as attempt:
        attempt.write_checkpoint(Checkpoint(1, weights, {}))
        at = open_page("inside", query={"run": run.id})
        assert "Still training" in words(at)
        assert np.allclose(galleries(at)[0][0], weights["conv_1/kernel"][:, :, 0, 0], atol=0.006)
        later = {name: 2 * array for name, array in weights.items()}
        attempt.write_checkpoint(Checkpoint(2, later, {}))
        again(at)
        assert np.allclose(galleries(at)[0][0], later["conv_1/kernel"][:, :, 0, 0], atol=0.006)
        attempt.enter(Phase.STOPPED)
    assert "Still training" not in words(again(at))
