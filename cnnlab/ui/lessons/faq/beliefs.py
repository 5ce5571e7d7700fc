"""Which misconceptions are put to the test in Common questions? In the order of the lessons."""

from cnnlab.i18n import _
from cnnlab.ui.lessons.faq import misconceptions as compute
from cnnlab.ui.lessons.faq import misconceptions_learning as learn
from cnnlab.ui.lessons.faq.misconceptions import Belief


def beliefs() -> dict[str, Belief]:
    """Return the misconceptions by name."""
    return {
        "bright": Belief(
            _("Bright is strong"),
            _("A bright window gives a strong output."),
            compute.bright_is_strong,
            "convolution",
            _("Step a kernel over a photo"),
        ),
        "flat": Belief(
            _("Flat kernels"),
            _("A kernel is a flat table of weights."),
            compute.kernels_are_flat,
            "layer",
            _("See how a kernel reads every channel"),
        ),
        "position": Belief(
            _("Position is forgotten"),
            _("Thanks to pooling the network does not care where things are."),
            compute.pooling_ignores_position,
            "pooling",
            _("Move the crop under pooling"),
        ),
        "weight": Belief(
            _("The biggest weight"),
            _("The input with the biggest weight matters most."),
            compute.largest_weight_matters,
            "answer",
            _("Take a score apart"),
        ),
        "sure": Belief(
            _("99\u00a0% means it knows"),
            _("When the network says 99\u00a0%, it knows."),
            learn.sure_is_right,
            "classify",
            _("Ask it about a photo"),
        ),
        "loss": Belief(
            _("Loss is the error rate"),
            _("The loss is just another word for how many answers are wrong."),
            learn.loss_is_error_rate,
            "learning",
            _("See the loss of one photo"),
        ),
        "steps": Belief(
            _("Every step improves"),
            _("Every step of gradient descent makes the network better."),
            learn.every_step_improves,
            "learning",
            _("Choose a learning rate and watch its steps"),
        ),
        "use": Belief(
            _("It learns from my photos"),
            _("The network keeps learning while it is used."),
            learn.it_learns_while_used,
            "classify",
            _("Let it classify, and count its weights"),
        ),
        "epochs": Belief(
            _("More epochs"),
            _("The more epochs, the better."),
            learn.more_epochs_are_better,
            "train",
            _("Train a network and watch both curves"),
        ),
        "training": Belief(
            _("Training accuracy"),
            _("The training accuracy says how good the network is."),
            learn.training_accuracy_counts,
            "train",
            _("Train, and open the test set once"),
        ),
    }
