"""Every order, every repetition: the property that each consumer has to hold."""

import random
from collections.abc import Iterator, Sequence
from itertools import permutations
from math import factorial
from typing import TypeVar

T = TypeVar("T")


def every_order(story: Sequence[T], *, at_most: int = 1000, seed: int = 1) -> Iterator[list[T]]:
    """All orders of the story, each with repetitions strewn in; a sample where they are too many.

    Every yielded list holds each element at least once.
    """
    chance = random.Random(seed)  # noqa: S311 - a repeatable sample
    if factorial(len(story)) <= at_most:
        orders: Iterator[Sequence[T]] = permutations(story)
    else:
        orders = (chance.sample(story, len(story)) for _ in range(at_most))
    for order in orders:
        repeated = list(order)
        for element in chance.choices(story, k=chance.randint(0, len(story))):
            repeated.insert(chance.randint(0, len(repeated)), element)
        yield repeated
