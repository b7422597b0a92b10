"""`python -m contacts PROCESS`: one process of the service, `all` of them, or `migrate`."""

from contacts.settings import ContactsSettings
from contacts.wiring import PROCESSES, blueprint, run_processes
from events.process import start

if __name__ == "__main__":
    start("contacts", ContactsSettings, blueprint, PROCESSES, run_processes)
