"""One seed: a story, its faults, the end of all faults, and the judgement."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Thread

import psycopg
from tests.faults import checker
from tests.faults.books import Reader
from tests.faults.plan import Part, Plan, Weather, plan
from tests.faults.story import Story, StuckError
from tests.faults.weather import Sky
from tests.faults.world import World


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a seed. `fired` are the faults that met somebody, as WHO:POINT."""

    seed: int
    fired: Sequence[str]
    violations: Sequence[str]
    took_s: float

    def lines(self) -> Sequence[str]:
        """For people: the seed and its verdict, then what was violated."""
        word = "VIOLATED" if self.violations else "survived"
        head = f"seed {self.seed:>6}  {word}  {len(self.fired):>2} faults in {self.took_s:4.1f} s"
        return [
            head,
            *(f"    fault {one}" for one in self.fired if self.violations),
            *(f"    VIOLATION {one}" for one in self.violations),
        ]


@dataclass
class Runner:
    """Tells one story after the other in the same world.

    Deliveries are given `faulty_for_s` under faults, and `calm_s` to come to their end afterwards.
    """

    world: World
    faulty_for_s: float = 25.0
    calm_s: float = 90.0
    reader: Reader = field(init=False)
    sky: Sky = field(init=False)

    def __post_init__(self) -> None:
        self.reader = Reader(self.world)
        self.sky = Sky(self.world)

    def run(self, planned: Plan | int) -> Verdict:
        """Raises nothing that the product is to blame for: that becomes a violation."""
        todo = planned if isinstance(planned, Plan) else plan(planned)
        story = Story(self.world, f"Seed {todo.seed}")
        began = time.monotonic()
        self.sky.fired.clear()
        found: list[str] = []
        try:
            self._tell(story, todo)
        except StuckError as stuck:
            found.append(str(stuck))
        fired = [*self.world.traps.sprung(), *self.sky.fired, *self.sky.struck()]
        self._calm()
        try:
            story.wait(lambda: self.is_quiet(story), "quiet after all faults", self.calm_s)
        except StuckError as stuck:
            found.append(str(stuck))
        forgetful = {
            fault.partition(":")[0].replace("_", "-")
            for fault in fired
            if fault.endswith(Weather.RESTORED)
        }
        books = self.reader.read(story.mandant)
        found += checker.violations(books, story.deliveries, forgetful)
        return Verdict(todo.seed, fired, found, time.monotonic() - began)

    def _tell(self, story: Story, todo: Plan) -> None:
        threads = self._break(todo, Part.ENTERING)
        try:
            story.enter()
            story.wait_until_sendable()
            threads += self._break(todo, Part.SENDING)
            story.send()
            deadline = time.monotonic() + self.faulty_for_s
            while time.monotonic() < deadline and not self.is_quiet(story):
                time.sleep(0.1)
        finally:
            for thread in threads:
                thread.join()

    def _break(self, todo: Plan, part: Part) -> list[Thread]:
        for trap in todo.traps:
            if trap.part is part:
                self.world.traps.arm(trap.who, trap.point, trap.nth)
        return self.sky.begin(change for change in todo.changes if change.part is part)

    def _calm(self) -> None:
        """No more faults; who is dead comes back by himself."""
        self.world.traps.disarm()
        self.sky.clear_up()

    def is_quiet(self, story: Story) -> bool:
        try:
            rows = self.reader.states(story.mandant)
            left = self.reader.left(story.mandant)
        except psycopg.OperationalError:
            return False  # The server is down at the moment.
        settled = all(
            row["state"] in checker.FINAL or (row["state"] == "uncertain" and row["needs_decision"])
            for row in rows
        )
        return bool(rows) and settled and not any(left.values())
