"""Any valid configuration, drawn by hypothesis."""

from hypothesis import strategies as st

from cnnlab.config import OPTIMIZERS, Augmentation, ConvBlock, DenseBlock, ModelConfig, TrainConfig
from cnnlab.config.schedules import SCHEDULES

ACTIVATIONS = ("relu", "leaky_relu", "elu", "gelu", "tanh", "sigmoid", "linear")
shares = st.floats(0, 0.9)
blocks = st.builds(
    ConvBlock,
    filters=st.integers(1, 512),
    kernel=st.integers(1, 7),
    stride=st.integers(1, 4),
    padding=st.sampled_from(["valid", "same"]),
    normalise=st.booleans(),
    activation=st.sampled_from(ACTIVATIONS),
    pool=st.sampled_from(["none", "max", "average"]),
    pool_window=st.integers(2, 4),
    dropout=shares,
)
dense = st.builds(
    DenseBlock, units=st.integers(1, 4096), activation=st.sampled_from(ACTIVATIONS), dropout=shares
)
models = st.builds(
    ModelConfig,
    blocks=st.lists(blocks, max_size=12).map(tuple),
    head=st.sampled_from(["flatten", "global_average", "global_max"]),
    dense=st.lists(dense, max_size=6).map(tuple),
    l2=st.floats(0, 1),
)


@st.composite
def configs(draw) -> TrainConfig:
    """A valid configuration, any field anything that it may be."""
    validation = draw(st.floats(0, 0.5))
    loss = draw(st.sampled_from(["cross_entropy", "mse"]))
    return TrainConfig(
        model=draw(models),
        dataset=draw(st.sampled_from(["cifar10", "digits"])),
        limit=draw(st.none() | st.integers(10, 1_000_000)),
        validation=validation,
        optimizer=draw(st.sampled_from(list(OPTIMIZERS))),
        learning_rate=draw(st.floats(0, 10, exclude_min=True)),
        schedule=draw(st.sampled_from(list(SCHEDULES))),
        loss=loss,
        label_smoothing=draw(st.floats(0, 0.5)) if loss == "cross_entropy" else 0.0,
        augmentation=Augmentation(
            flip=draw(st.booleans()),
            shift=draw(st.integers(0, 8)),
            rotate=draw(st.integers(0, 45)),
            cutout=draw(st.integers(0, 24)),
        ),
        batch_size=draw(st.integers(1, 4096)),
        epochs=draw(st.integers(1, 1000)),
        patience=draw(st.none() | st.integers(1, 100)) if validation else None,
        seed=draw(st.integers(0, 2**31 - 1)),
        open_test=draw(st.booleans()),
    )
