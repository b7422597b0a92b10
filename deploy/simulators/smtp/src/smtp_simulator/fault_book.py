"""The faults that were ordered, and when each of them strikes."""

from smtp_simulator.faults import Fault, Phase


class FaultBook:
    """The faults in force, at most one per phase."""

    def __init__(self) -> None:
        self._faults: dict[Phase, Fault] = {}

    def add(self, fault: Fault) -> None:
        self._faults[fault.phase] = fault

    def clear(self) -> None:
        self._faults.clear()

    def take(self, phase: Phase) -> Fault | None:
        """The fault that strikes now, counted down."""
        fault = self._faults.get(phase)
        if fault is None or fault.times is None:
            return fault
        if fault.times == 1:
            del self._faults[phase]
        else:
            self._faults[phase] = fault.model_copy(update={"times": fault.times - 1})
        return fault
