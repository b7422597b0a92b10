"""Sets the requirements beside the tests that say they prove them."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from house.claims import read_claims
from house.requirements import PAGE, read_requirements


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is proven by which tests, and what tests claim in vain."""

    requirements: dict[str, str]
    tests: dict[str, list[str]]
    unread: list[str]

    @property
    def proven(self) -> list[str]:
        return [requirement for requirement in self.requirements if requirement in self.tests]

    @property
    def unproven(self) -> list[str]:
        return [requirement for requirement in self.requirements if requirement not in self.tests]

    @property
    def unknown(self) -> list[str]:
        return sorted(self.tests.keys() - self.requirements.keys())

    @property
    def is_sound(self) -> bool:
        return not self.unknown and not self.unread


def read_coverage(root: Path) -> Coverage:
    """Read page and tests below root; nothing is run."""
    claims = read_claims(root)
    tests: defaultdict[str, list[str]] = defaultdict(list)
    for claim in claims.made:
        tests[claim.requirement].append(claim.test)
    return Coverage(read_requirements(root), dict(tests), claims.unread)


def report(coverage: Coverage) -> Iterator[str]:
    """The lines that `make spec` prints: proven, unproven, faults, and the sum as the last."""
    for requirement in coverage.proven:
        yield f"{requirement}  {coverage.requirements[requirement]}"
        yield from (f"        {test}" for test in coverage.tests[requirement])
    if coverage.unproven:
        yield "\nProven by nothing:"
        yield from (f"{id_}  {coverage.requirements[id_]}" for id_ in coverage.unproven)
    for requirement in coverage.unknown:
        yield f"\n{requirement} does not stand in {PAGE}, but is named by:"
        yield from (f"        {test}" for test in coverage.tests[requirement])
    if coverage.unread:
        yield "\nMarks that cannot be assigned by reading (write ids out, at test or class):"
        yield from (f"        {place}" for place in coverage.unread)
    proven, known = len(coverage.proven), len(coverage.requirements)
    yield f"\n{proven} of {known} requirements are proven"
