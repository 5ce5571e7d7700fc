"""How many new browsers one network, and all together, may bring to a class."""

import pytest

from cnnlab.access import ALL_TRIES
from cnnlab.classroom import LONG_AWAY
from cnnlab.ui.server.crowd import OF_ALL, OF_ONE
from cnnlab.ui.session.newcomers import A_MINUTE, ALL_AT_ONCE, AT_ONCE, Newcomers
from tests.conftest import ROOT
from tests.support.stores import Clock


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def newcomers(clock):
    return Newcomers(clock)


def come(newcomers: Newcomers, count: int, network: str = "10.0.0.1", began: str = "") -> int:
    """Return how many of so many were admitted."""
    return sum(newcomers.admit(network, began) for _browser in range(count))


def test_a_class_behind_one_address_comes_in_at_once(newcomers):
    assert come(newcomers, 30) == 30


def test_one_device_soon_gets_few_names_and_others_still_get_theirs(newcomers, clock):
    assert come(newcomers, 500) == AT_ONCE
    assert come(newcomers, 30, "10.0.0.2") == 30
    clock.now += 60
    assert come(newcomers, 500) == A_MINUTE
    clock.now += 3600
    assert come(newcomers, 500) == AT_ONCE


def test_a_device_of_many_networks_has_a_limit_as_well_and_what_is_kept_has_a_bound(newcomers, clock):
    assert sum(newcomers.admit(f"network {n}", "") for n in range(5000)) == ALL_AT_ONCE
    assert len(newcomers._lately) == ALL_AT_ONCE + 1
    clock.now += 600
    assert come(newcomers, 1) == 1
    assert len(newcomers._lately) == 2


def test_in_a_new_class_everybody_is_new(newcomers):
    come(newcomers, 500)
    assert come(newcomers, 30, began="another class") == 30


def test_the_guide_says_how_many():
    guide = (ROOT / "docs" / "teaching.md").read_text()
    assert f"only {AT_ONCE} new ones get a name at once from one network, and {A_MINUTE:g}\nmore" in guide
    assert f"all devices together can try {ALL_TRIES} PINs a minute" in guide
    assert LONG_AWAY == 1800, "half an hour"
    assert f"room for {OF_ONE} from one network, and for {OF_ALL} in all" in guide
