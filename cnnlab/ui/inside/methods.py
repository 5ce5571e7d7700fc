"""What is said of each way to ask which parts of a photo mattered: what it does, and what it cannot say."""

from dataclasses import dataclass

from cnnlab.i18n import _


@dataclass(frozen=True)
class Words:
    """A method's name, what it does, its caveat, and its formula in LaTeX."""

    title: str
    does: str
    beware: str
    formula: str


def words(method: str) -> Words:
    """Return the words for a method of `cnnlab.inspection.attribution`, in the session's language."""
    return WORDS[method]()


def _occlusion() -> Words:
    return Words(
        _("Cover parts"),
        _(
            "Cover a part of the photo and let the network answer again. Where its answer suffers, it had "
            "been looking."
        ),
        _(
            "Beware: the network never saw plain squares while it learned; two parts that can stand in for "
            "each other both look unimportant; and another size of cover gives another map."
        ),
        r"\text{drop}(i,j) = p_c(x) - p_c(x \text{ covered at } (i,j))",
    )


def _grad_cam() -> Words:
    return Words(
        _("Grad-CAM: cells of a layer"),
        _(
            "Each map of a layer gets a weight: how much the class's score rises with its values, on "
            "average. The weighted maps are added up, and what speaks against the class is left out."
        ),
        _(
            "Beware: deep maps are coarse, so the edges of the orange mean nothing; it shows where, not "
            "what; and two layers of the same network can disagree."
        ),
        r"\mathrm{map}(i,j) = \mathrm{ReLU}\Big(\sum_k \alpha_k A_k(i,j)\Big), \quad "
        r"\alpha_k = \frac{1}{HW} \sum_{i,j} \frac{\partial z_c}{\partial A_k(i,j)}",
    )


def _gradient() -> Words:
    return Words(
        _("Gradient: pixels"),
        _(
            "Make one pixel a little brighter: does the class's score rise or fall, and how fast? Asked for "
            "every pixel at once, by going backwards through the network as training does."
        ),
        _(
            "Beware: it says what would *change* the score, not what made it. Where the network is already "
            "sure, slopes can be flat at the very pixels that convinced it."
        ),
        r"g(i,j) = \sum_{\text{channel}} \frac{\partial z_c}{\partial x(i,j,\text{channel})}",
    )


def _smooth_grad() -> Words:
    return Words(
        _("SmoothGrad: pixels, averaged"),
        _(
            "The gradient jumps from pixel to pixel. So add noise to the photo, take the gradient, do that "
            "many times, and average."
        ),
        _(
            "Beware: the noise is chosen by hand, and another amount gives another map. Smoother is not "
            "truer."
        ),
        r"\bar g = \frac{1}{n} \sum_{i=1}^{n} \nabla_x z_c(x + \varepsilon_i)",
    )


def _integrated() -> Words:
    return Words(
        _("Integrated gradients · University"),
        _(
            "Let the photo appear step by step out of a plain picture and collect each pixel's gradient on "
            "the way. Then the pixels' shares **add up** to what the whole photo did to the score."
        ),
        _(
            "Beware: a pixel just as bright as the start gets 0, however much it matters: from black, a "
            "black cat's fur counts for nothing. Adding up does not make a map right."
        ),
        r"a = (x - x_0) \cdot \frac{1}{m} \sum_{n=1}^{m} \nabla_x z_c\Big(x_0 + \tfrac{n - 1/2}{m} "
        r"(x - x_0)\Big), \quad \sum a \approx z_c(x) - z_c(x_0)",
    )


WORDS = {
    "occlusion": _occlusion,
    "grad_cam": _grad_cam,
    "gradient": _gradient,
    "smooth_grad": _smooth_grad,
    "integrated": _integrated,
}
