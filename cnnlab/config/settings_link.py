"""How does a configuration travel in an address? As its differences from a preset.

The text is JSON that can be read and written by hand, such as {"preset":"tiny","epochs":5}; where that would
be longer than LIMIT, the JSON is compressed (zlib, base64url), its blocks as lists of values without names.
What comes in is foreign: it is bounded before it is unpacked, and valid or refused with a sentence.
"""

import base64
import binascii
import json
import zlib
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from cnnlab.config import ConvBlock, DenseBlock, TrainConfig, faults
from cnnlab.config.presets import PRESETS
from cnnlab.i18n import Sentence, _, number

LIMIT = 1000  # characters of a link's text
UNPACKED = 10_000  # bytes that a compressed text may grow to
Settings = dict[str, Any]  # name -> value; values may be dicts and lists of such
Block = type[ConvBlock] | type[DenseBlock]
BLOCKS: dict[str, Block] = {"blocks": ConvBlock, "dense": DenseBlock}
PACKED = "z"  # what a compressed text begins with; JSON begins with a brace


class LinkError(Sentence, ValueError):
    """Why a link cannot be followed, as a sentence to show."""


def write(config: TrainConfig, preset: str) -> str:
    """Return the text that `read` turns into the same preset and configuration; LinkError beyond LIMIT."""
    changes = differences(PRESETS[preset].config.model_dump(), config.model_dump())
    text = _json({"preset": preset} | _with_blocks(changes, _short))
    if len(text) > LIMIT:
        packed = zlib.compress(_json({"preset": preset} | _with_blocks(changes, _nameless)).encode(), 9)
        text = PACKED + base64.urlsafe_b64encode(packed).decode().rstrip("=")
    if len(text) > LIMIT:
        raise LinkError(_("These settings are too many for a link."))
    return text


def read(text: str) -> tuple[str, TrainConfig]:
    """Return the preset's name and the configuration that a link's text stands for. Raises LinkError."""
    if len(text) > LIMIT:
        words = _("The link has {length} characters; at most {limit} are read.")
        raise LinkError(words.format(length=number(len(text)), limit=number(LIMIT)))
    try:
        packed = text.startswith(PACKED)
        changes = json.loads(_unpacked(text[1:]) if packed else text)
    except (ValueError, RecursionError, zlib.error) as error:
        raise LinkError(_("The link is damaged: a part of it is missing or was changed.")) from error
    if not isinstance(changes, dict):
        raise LinkError(_("The link holds no settings."))
    preset = changes.pop("preset", "article")
    if not isinstance(preset, str) or preset not in PRESETS:
        words = _("There is no network called “{name}”; there are: {names}.")
        raise LinkError(words.format(name=str(preset)[:40], names=", ".join(PRESETS)))
    if packed:
        changes = _with_blocks(changes, _named)
    try:
        return preset, TrainConfig.model_validate(_merged(PRESETS[preset].config.model_dump(), changes))
    except ValidationError as error:
        raise LinkError(" ".join(faults(error)[:3])) from error


def differences(before: Settings, after: Settings) -> Settings:
    """Return what has to be put over `before` to make `after`; within dicts, only what differs."""
    result: Settings = {}
    for name, value in after.items():
        if isinstance(value, dict):
            inner = differences(before[name], value)
            result |= {name: inner} if inner else {}
        elif value != before[name]:
            result[name] = value
    return result


def _merged(base: Settings, changes: Settings) -> Settings:
    """Put changes over base, dicts within dicts. Unknown names stay, to be refused."""
    both = {
        name: _merged(base[name], value)
        if isinstance(value, dict) and isinstance(base.get(name), dict)
        else value
        for name, value in changes.items()
    }
    return base | both


def _with_blocks(changes: Settings, write: Callable[[Block, Any], object]) -> Settings:
    """Return the changes with each block of the network written anew; what is no list of blocks stays."""
    model = changes.get("model")
    if not isinstance(model, dict):
        return changes
    lists = {name: model[name] for name in BLOCKS if isinstance(model.get(name), list | tuple)}
    written = {name: [write(BLOCKS[name], block) for block in blocks] for name, blocks in lists.items()}
    return changes | {"model": model | written}


def _short(block: Block, values: Settings) -> Settings:
    """Leave out what is the block's default anyway."""
    return block.model_validate(values).model_dump(exclude_defaults=True)


def _nameless(block: Block, values: Settings) -> list[object]:
    return [values[name] for name in block.model_fields]


def _named(block: Block, values: object) -> object:
    """Undo `_nameless`; what is no such list stays, to be refused."""
    if isinstance(values, list) and len(values) == len(block.model_fields):
        return dict(zip(block.model_fields, values, strict=True))
    return values


def _json(value: Settings) -> str:
    return json.dumps(value, separators=(",", ":"))


def _unpacked(text: str) -> bytes:
    """Decode and decompress up to UNPACKED bytes; what is damaged raises ValueError or zlib.error."""
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    opened = zlib.decompressobj()
    data = opened.decompress(packed, UNPACKED)
    if not opened.eof:
        raise ValueError("incomplete, or larger than it may be")
    return data
