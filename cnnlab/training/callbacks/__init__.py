"""What happens at each batch of an epoch: the rate is set, figures are told, and the epoch may end early.

Each class is plain Python with the methods of a Keras callback: nothing here imports Keras before training.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

HOOKS = ("on_train_batch_begin", "on_train_batch_end")


def keras_callbacks(*parts: object) -> list["keras.callbacks.Callback"]:
    """Return these as callbacks for `fit`, called in this order."""
    import keras

    of_each = [{hook: getattr(part, hook) for hook in HOOKS if hasattr(part, hook)} for part in parts]
    return [keras.callbacks.LambdaCallback(**hooks) for hooks in of_each]
