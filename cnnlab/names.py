"""Which short, friendly names do training runs and students get?"""

import random
import secrets
from collections.abc import Iterator
from math import gcd

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


MANNERS = """
agile amber bright brisk calm clever coral curious dapper eager gentle golden happy jolly keen kind lively
lucky mellow merry nimble patient plucky proud quick quiet ruby silver smart snowy sturdy sunny swift tidy
violet witty young zesty
"""
ANIMALS = """
alpaca antelope badger bison bunting capybara chinchilla condor cormorant crane cricket dolphin dragonfly
dormouse eagle egret falcon finch gazelle gecko giraffe hamster hare hedgehog heron ibex ibis jaguar
kestrel kingfisher kiwi koala lemur leopard lynx magpie manatee marmot marten meerkat narwhal newt ocelot
octopus okapi oriole osprey otter panda panther parrot pelican penguin pika puffin puma quail quokka raven
robin salmon seahorse seal sparrow squirrel starling stork swallow swan tamarin tapir tern thrush tiger
toucan turtle wallaby walrus weasel wombat wren yak zebra
"""


def nicknames(seed: str) -> Iterator[str]:
    """Yield each name that a student can get ("Merry Otter") once, in an order that `seed` decides."""
    manners, animals, lot = MANNERS.split(), ANIMALS.split(), random.Random(seed)
    count = len(manners) * len(animals)
    place = lot.randrange(count)
    step = lot.choice([step for step in range(count // 3, count // 2) if gcd(step, count) == 1])
    for _turn in range(count):  # a step without a common divisor comes past every place
        yield f"{manners[place // len(animals)]} {animals[place % len(animals)]}".title()
        place = (place + step) % count
