"""`python -m delivery_mail PROCESS`: one process of the service, `all` of them, or `migrate`."""

from delivery_mail.settings import MailSettings
from delivery_mail.wiring import PROCESSES, blueprint, run_processes
from events.process import start

if __name__ == "__main__":
    start("delivery_mail", MailSettings, blueprint, PROCESSES, run_processes)
