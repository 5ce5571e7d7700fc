"""Does a link reproduce every configuration, and is a bad one refused with the reason?"""

import base64
import json
import random
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.config import (
    Augmentation,
    ConvBlock,
    DenseBlock,
    ModelConfig,
    TrainConfig,
    settings_link,
)
from cnnlab.config.presets import PRESETS
from tests.support.configs import ACTIVATIONS, configs


@settings(max_examples=300, deadline=None)
@given(configs(), st.sampled_from(list(PRESETS)))
def test_every_configuration_survives_its_link(config, preset):
    text = settings_link.write(config, preset)
    assert len(text) <= 1000
    assert settings_link.read(text) == (preset, config)


@pytest.mark.parametrize("seed", range(20))
def test_the_largest_configurations_fit_too(seed):
    rng = random.Random(seed)
    config = TrainConfig(
        model=ModelConfig(
            blocks=tuple(
                ConvBlock(
                    filters=rng.randint(100, 512),
                    kernel=rng.choice([1, 2, 4, 5, 6, 7]),
                    stride=rng.randint(2, 4),
                    padding="same",
                    normalise=True,
                    activation=rng.choice(ACTIVATIONS[1:]),
                    pool=rng.choice(["max", "average"]),
                    pool_window=rng.randint(3, 4),
                    dropout=rng.uniform(0, 0.9),
                )
                for _block in range(12)
            ),
            head="global_average",
            dense=tuple(
                DenseBlock(
                    units=rng.randint(1000, 4096),
                    activation=rng.choice(ACTIVATIONS[1:]),
                    dropout=rng.random() * 0.9,
                )
                for _layer in range(6)
            ),
            l2=rng.random(),
        ),
        dataset="digits",
        limit=rng.randint(10_000, 50_000),
        validation=rng.random() / 2,
        optimizer="nesterov",
        learning_rate=rng.random() / 1e5,
        schedule="one_cycle",
        label_smoothing=rng.random() / 2,
        augmentation=Augmentation(flip=True, shift=8, rotate=45, cutout=24),
        batch_size=rng.randint(1000, 4096),
        epochs=rng.randint(100, 1000),
        patience=rng.randint(10, 100),
        seed=rng.randrange(2**31),
        open_test=True,
    )
    text = settings_link.write(config, "rate_too_high")
    assert len(text) <= 1000
    assert settings_link.read(text) == ("rate_too_high", config)


def test_a_link_holds_the_differences_alone():
    tiny = PRESETS["tiny"].config
    assert json.loads(settings_link.write(tiny, "tiny")) == {"preset": "tiny"}
    changed = tiny.model_copy(update={"epochs": 5, "seed": 77})
    assert json.loads(settings_link.write(changed, "tiny")) == {"preset": "tiny", "epochs": 5, "seed": 77}


def test_a_link_written_by_hand_stands_on_the_baseline():
    preset, config = settings_link.read('{"seed": 5, "augmentation": {"flip": true}}')
    assert preset == "article"
    expected = {"seed": 5, "augmentation": Augmentation(flip=True)}
    assert config == PRESETS["article"].config.model_copy(update=expected)


def packed(data: bytes) -> str:
    return "z" + base64.urlsafe_b64encode(zlib.compress(data, 9)).decode().rstrip("=")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "damaged"),
        ("hello", "damaged"),
        ('{"epochs": 5', "damaged"),
        ('{"epochs": 5}' + " " * 1000, "1,013 characters; at most 1,000"),
        ("[" * 1000, "damaged"),
        ("17", "no settings"),
        ('{"preset": "champignon"}', "no network called “champignon”"),
        ('{"preset": ["tiny"]}', "no network called"),
        ('{"epochs": 0}', "Epochs must be at least 1."),
        ('{"epochs": 1001}', "Epochs must be at most 1,000."),
        ('{"epochs": null}', "Epochs is empty."),
        ('{"epochs": "many"}', "Epochs cannot have this value"),
        ('{"epochs": {"a": 1}}', "Epochs cannot have this value"),
        ('{"learning_rate": 0}', "Learning rate must be more than 0."),
        ('{"learning_rate": NaN}', "Learning rate cannot have this value"),
        ('{"learning_rate": 1e999}', "Learning rate cannot have this value"),
        ('{"colour": "red"}', "no setting called “colour”"),
        (
            '{"model": {"blocks": [{"filters": 0}]}}',
            "Convolution blocks · 1 · Number of kernels must be at least",
        ),
        ('{"model": {"blocks": [{"filters": 8, "magic": 1}]}}', "no setting called “magic”"),
        ('{"model": {"blocks": 3}}', "Convolution blocks cannot have this value"),
        ('{"model": 3}', "cannot have this value"),
        ('{"augmentation": {"shift": 9}}', "Shift, pixels must be at most 8."),
        ('{"optimizer": "magic"}', "Optimiser must be one of"),
        ('{"dataset": "imagenet"}', "no data called “imagenet”"),
        ('{"loss": "mse", "label_smoothing": 0.1}', "Label smoothing goes with cross-entropy"),
        ('{"validation": 0, "patience": 2}', "Stopping early needs validation"),
        ("z", "damaged"),
        ("z!!!!", "damaged"),
        ("zAAAA", "damaged"),
        (packed(b'{"epochs": 0}'), "Epochs must be at least 1."),
        (packed(b'{"epochs": 5}' + b" " * 400_000), "damaged"),
        (packed(b"[" * 9_000), "damaged"),
        (packed(b"\xff\xfe"), "damaged"),
    ],
)
def test_a_bad_link_says_what_is_wrong(text, why):
    with pytest.raises(settings_link.LinkError) as caught:
        settings_link.read(text)
    assert why in str(caught.value)


@settings(max_examples=300, deadline=None)
@given(
    st.text(max_size=200)
    | st.binary(max_size=200).map(packed)
    | st.binary(max_size=200).map(lambda b: b.decode("latin1"))
)
def test_rubbish_is_refused_and_nothing_else_happens(text):
    try:
        settings_link.read(text)
    except settings_link.LinkError as error:
        assert str(error)
    else:
        assert isinstance(json.loads(text), dict)


@settings(max_examples=200, deadline=None)
@given(configs(), st.data())
def test_a_tampered_link_is_refused_or_still_a_valid_configuration(config, data):
    text = settings_link.write(config, "article")
    place = data.draw(st.integers(0, len(text) - 1))
    tampered = text[:place] + data.draw(st.sampled_from('0aZ"{}-,~')) + text[place + 1 :]
    try:
        _preset, result = settings_link.read(tampered)
    except settings_link.LinkError as error:
        assert str(error)
    else:
        assert TrainConfig.model_validate(result.model_dump()) == result
