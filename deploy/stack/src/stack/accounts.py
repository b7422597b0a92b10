"""The user a server runs as when we are root: PostgreSQL refuses to be root."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from stack.errors import StackError


@dataclass(frozen=True)
class Account:
    name: str
    uid: int
    gid: int

    def may_read(self, path: Path) -> bool:
        """Whether this user can read and traverse `path` and pass every folder above it."""
        return self._allowed(path, need=0o5) and self.may_pass(path.resolve().parent)

    def may_pass(self, folder: Path) -> bool:
        """Whether this user can reach what lies in `folder`, should he know its name."""
        folder = folder.resolve()
        return all(self._allowed(above, need=0o1) for above in (folder, *folder.parents))

    def _allowed(self, path: Path, *, need: int) -> bool:
        found = path.stat()
        mode = stat.S_IMODE(found.st_mode)
        if found.st_uid == self.uid:
            mode >>= 6
        elif found.st_gid == self.gid:
            mode >>= 3
        return mode & need == need


def server_account() -> Account | None:
    """The unprivileged user for a server, or None when we are unprivileged ourselves.

    No user is created: `postgres` where the machine has one, else `nobody`.
    """
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise StackError("postgresql: running as root, but there is no user postgres or nobody")
