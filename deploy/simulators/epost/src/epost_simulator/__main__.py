"""The command line: `python -m epost_simulator --folder F [--port 0] ...`."""

import sys

from epost_simulator.server import serve
from epost_simulator.settings import from_command_line

if __name__ == "__main__":
    chosen, with_stdin = from_command_line(sys.argv[1:])
    serve(chosen, stop_with_stdin=with_stdin)
