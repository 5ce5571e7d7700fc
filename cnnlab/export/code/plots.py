"""Which plots does an exported script draw? Words and code for each, with Matplotlib as anybody writes it."""

from cnnlab import ops
from cnnlab.figures.curves import TRAINING, VALIDATION
from cnnlab.i18n import _


def curves(validation: bool) -> tuple[str, str]:
    """Return words and code for accuracy and loss over the epochs; validation: whether it has some."""
    words = _("How it went, epoch by epoch.")
    judged = ""
    if validation:
        judged = f"""
    held_out = [row["val_" + name] for row in history]
    axis.plot(epochs, held_out, "o--", color="{VALIDATION}", label="validation")"""
    code = f"""\
epochs = range(1, len(history) + 1)
figure, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
for axis, name in zip(axes, ("accuracy", "loss")):
    axis.plot(epochs, [row[name] for row in history], "o-", color="{TRAINING}", label="training"){judged}
    axis.set(xlabel="epoch", ylabel=name, ylim=(0, 1 if name == "accuracy" else None))
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(axis="y", alpha=0.4)
axes[0].legend(frameon=False)
plt.show()"""
    return words, code


def kernels(layers: list[ops.Layer]) -> tuple[str, str] | None:
    """Return words and code for the kernels of a flat layer list's first convolution; None without one."""
    first = next((layer for layer in layers if isinstance(layer, ops.Conv)), None)
    if first is None:
        return None
    words = _(
        "Each small picture is a kernel: mid grey is 0, and the redder it is, the larger is the weight on "
        "red; green and blue likewise."
    )
    code = f"""\
kernels = model.get_layer("{first.name}").kernel.numpy()
limit = abs(kernels).max()
rows = -(-kernels.shape[-1] // 8)
figure, axes = plt.subplots(rows, 8, figsize=(8, rows), squeeze=False)
for axis in axes.flat:
    axis.axis("off")
for place, axis in zip(range(kernels.shape[-1]), axes.flat):
    axis.imshow(0.5 + 0.5 * kernels[..., place] / limit)
plt.show()"""
    return words, code


def confusion() -> tuple[str, str]:
    """Return words and code for the confusion matrix of the test set's answers."""
    words = _("A row is a true class, a column an answer: which classes does the network take for which?")
    code = """\
from sklearn.metrics import ConfusionMatrixDisplay

figure, axis = plt.subplots(figsize=(8, 7), layout="constrained")
look = {"values_format": ".0%", "cmap": "Greys", "xticks_rotation": 45, "colorbar": False}
ConfusionMatrixDisplay.from_predictions(
    test_labels, answers, display_labels=CLASSES, normalize="true", ax=axis, **look
)
plt.show()"""
    return words, code
