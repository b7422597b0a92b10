"""`python -m delivery_epost PROCESS`: one process of the service, `all` of them, or `migrate`."""

from delivery_epost.settings import EpostSettings
from delivery_epost.wiring import PROCESSES, blueprint, run_processes
from events.process import start

if __name__ == "__main__":
    start("delivery_epost", EpostSettings, blueprint, PROCESSES, run_processes)
