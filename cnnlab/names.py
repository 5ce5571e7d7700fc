"""Which short, friendly names do training runs get?"""

import secrets

WORDS = """
acorn amber apple aspen badger beech birch brook cedar cherry cloud clover comet coral crane dune
ember falcon fern finch fjord flint forest fox garnet glacier grove harbor hazel heron iris island
ivy jade juniper kite lagoon lark lemon lily linden lotus lynx maple marble meadow mint moss nova
oak olive onyx opal orchid otter owl pearl pebble pepper pine plum poppy quartz raven reef river
robin rowan sage sparrow spruce stone swan thistle tulip valley violet walnut willow wren zephyr
"""


def run_name() -> str:
    """Return a name that can be read out in a classroom, like kite-421."""
    return f"{secrets.choice(WORDS.split())}-{secrets.randbelow(900) + 100}"
