"""`python -m outbox PROCESS`: one process of the service, `all` of them, or `migrate`."""

from events.process import start
from outbox.settings import OutboxSettings
from outbox.wiring import PROCESSES, blueprint, run_processes

if __name__ == "__main__":
    start("outbox", OutboxSettings, blueprint, PROCESSES, run_processes)
