"""`python -m outbox PROCESS`: one process of the service, `all` of them, or `migrate`."""

from events.process import start
from outbox.settings import OutboxSettings
from outbox.wiring import BLUEPRINT, PROCESSES, run_processes

if __name__ == "__main__":
    start("outbox", OutboxSettings, BLUEPRINT, PROCESSES, run_processes)
