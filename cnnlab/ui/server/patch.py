"""What this app changes or uses inside a library, said in one form, and tried before it is relied on.

A patch names the classes it reaches into, with the members and the parameters that it counts on. Where the
installed version has one of them otherwise, the app runs without the patch, and the log says once what is
lost.
"""

import inspect
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import import_module
from typing import Any

LOG = logging.getLogger(__name__)


class Misfit(Exception):
    """The installed library is built otherwise; the message says where."""


@dataclass(frozen=True)
class Inside:
    """A module, or a class or function in it ("module:name"), and what is used of it.

    members: name -> the names of its parameters, separated by spaces, or None where it is no function.
    """

    where: str
    members: Mapping[str, str | None] = field(default_factory=dict)

    def find(self) -> Any:
        """Return it. Raises Misfit where it, or one of its members, is not as it is said here."""
        module, _colon, name = self.where.partition(":")
        try:
            found = import_module(module)
            found = getattr(found, name) if name else found
        except (ImportError, AttributeError):
            raise Misfit(f"there is no {self.where}") from None
        for member, parameters in self.members.items():
            if not _has(found, member):
                raise Misfit(f"{self.where} has no {member}")
            if parameters is not None and _parameters(getattr(found, member)) != parameters.split():
                raise Misfit(f"{self.where} has another {member}")
        return found


@dataclass(frozen=True)
class Patch:
    """A change inside a library, or a look into it.

    without: what is lost where it does not fit, a sentence. made_for: the versions it was written for.
    needs: name -> what it reaches into. put_in: makes the change, given what was found under the names of its
    parameters; None where nothing is changed.
    """

    without: str
    made_for: str
    needs: Mapping[str, Inside]
    put_in: Callable[..., None] | None = None

    @cached_property
    def found(self) -> dict[str, Any] | None:
        """What it needs, by name; None, which the log says, where the installed version does not fit."""
        try:
            return {name: need.find() for name, need in self.needs.items()}
        except Misfit as misfit:
            say_once(self.without, self.made_for, str(misfit))
            return None

    def install(self) -> None:
        """Make the change where it fits."""
        if self.found is not None and self.put_in is not None:
            self.put_in(*(self.found[name] for name in _parameters(self.put_in) or ()))


@cache
def say_once(without: str, made_for: str, why: str) -> None:
    """Tell the log that the app runs without a patch."""
    LOG.warning("%s (made for %s; here %s)", without, made_for, why)


def _has(found: Any, member: str) -> bool:
    """Whether a module or class has this member, or its instances have it from their beginning."""
    if hasattr(found, member) or not inspect.isclass(found):
        return hasattr(found, member)
    declared = (inspect.get_annotations(kind) for kind in found.__mro__)
    begin = getattr(found.__init__, "__code__", None)
    return any(member in names for names in declared) or (begin is not None and member in begin.co_names)


def _parameters(function: Any) -> list[str] | None:
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return None
