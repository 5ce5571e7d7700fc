"""What is wrong with a configuration? Each fault as a sentence, with the words of the form."""

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from cnnlab.config.schema import Augmentation, ConvBlock, DenseBlock, ModelConfig, TrainConfig
from cnnlab.i18n import _, foreign

# Which fields of a configuration have fields of their own.
INNER: dict[str, type[BaseModel]] = {
    "model": ModelConfig,
    "blocks": ConvBlock,
    "dense": DenseBlock,
    "augmentation": Augmentation,
}


def faults(error: ValidationError, kind: type[BaseModel] = TrainConfig) -> list[str]:
    """Return what is wrong with a configuration: a sentence a fault, naming the field as the form does.

    kind: what was validated, where that is no TrainConfig.
    """
    return [foreign(_fault(fault, kind)) for fault in error.errors(include_url=False)]


def _fault(fault: ErrorDetails, kind: type[BaseModel]) -> str:
    context, what = fault.get("ctx", {}), title(fault["loc"], kind)
    match fault["type"]:
        case "value_error":
            return str(context["error"])
        case "extra_forbidden":
            return _("There is no setting called “{name}”.").format(name=str(fault["loc"][-1])[:40])
        case "missing":
            return _("{what} is missing.").format(what=what)
        case "int_type" | "float_type" if fault["input"] is None:
            return _("{what} is empty.").format(what=what)
        case "literal_error":
            return _("{what} must be one of {names}.").format(what=what, names=context["expected"])
        case "greater_than":
            return _("{what} must be more than {limit}.").format(what=what, limit=f"{context['gt']:g}")
        case "greater_than_equal":
            return _("{what} must be at least {limit}.").format(what=what, limit=f"{context['ge']:g}")
        case "less_than_equal":
            return _("{what} must be at most {limit}.").format(what=what, limit=f"{context['le']:,}")
        case "too_long":
            return _("{what}: there can be at most {limit}.").format(what=what, limit=context["max_length"])
    return _("{what} cannot have this value ({why}).").format(what=what, why=fault["msg"])


def title(place: tuple[str | int, ...], kind: type[BaseModel] = TrainConfig) -> str:
    """Return the words for a place in the configuration: ("model", "blocks", 1, "kernel") and the like."""
    fields, words = kind.model_fields, []
    for step in place:
        if isinstance(step, int):
            words.append(str(step + 1))
        elif step in fields and step not in ("model", "augmentation"):
            words.append(_(fields[step].title or step))
        if isinstance(step, str) and step in INNER:
            fields = INNER[step].model_fields
    return " · ".join(words) or _("The configuration")
