"""Where the embedded services keep their files. Standard library only."""

import hashlib
import importlib.util
import os
import pwd
import secrets
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

DEMO_EXAM_KEY = "the exam of the demo, known to everybody"
SERVICE_USER = "nobody"  # initdb and postgres refuse uid 0
SHARED_HOME = Path("/var/lib/ivr-label")
# A UNIX socket's path ends at 107 bytes on Linux and 103 on macOS, and
# PostgreSQL appends "/.s.PGSQL.5432".
LONGEST_SOCKET_FOLDER = 85


class EmbeddedError(Exception):
    """An embedded service cannot run; the message says why in one sentence."""


@dataclass(frozen=True)
class Places:
    """The folders of one installation; a pure function of the data folder."""

    data: Path

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def locks(self) -> Path:
        return self.data / "locks"

    @property
    def valkey(self) -> Path:
        return self.data / "valkey"

    @property
    def valkey_socket(self) -> Path:
        return _socket_folder(self.valkey) / "valkey.sock"

    @property
    def postgres(self) -> Path:
        """The cluster's folder; elsewhere if the service user cannot get to ours."""
        wanted = self.data / "postgres"
        if service_user() is None or is_reachable(wanted):
            return wanted
        return SHARED_HOME / f"cluster-{self._instance()}"

    @property
    def postgres_socket(self) -> Path:
        """The folder of PostgreSQL's socket."""
        return _socket_folder(self.postgres / "socket")

    def exam_key(self) -> str:
        """The key that the exam follows from; empty where it has none of its own."""
        try:
            return self._exam_key.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return ""

    def begin_with_demo(self) -> None:
        """An empty folder gets the exam that every demo has; another keeps its own.

        Two runs of the demo then measure their models on the same texts.
        """
        if not self.postgres.exists():
            self._exam_key.write_text(DEMO_EXAM_KEY, encoding="ascii")

    @property
    def _exam_key(self) -> Path:
        return self.data / "exam-key"

    def make(self) -> None:
        """Make the folders that belong to us."""
        mode = 0o700 if service_user() is None else 0o711
        try:
            self._make_data(mode)
            for folder in (self.logs, self.locks, self.valkey):
                folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise EmbeddedError(
                f"The data folder {self.data} cannot be written"
                f" ({error.strerror}); set IVR_DATA_DIR to one that can."
            ) from None

    def _make_data(self, mode: int) -> None:
        """The data folder with this mode, unless somebody beside us just made it."""
        try:
            self.data.mkdir(parents=True)
        except FileExistsError:
            return
        self.data.chmod(mode)

    def _instance(self) -> str:
        """Name this data folder for good: a new folder never meets an old cluster."""
        return keep_secret(self.data / "instance-id", n_bytes=8)


def keep_secret(path: Path, *, n_bytes: int) -> str:
    """Return the secret kept in `path` (mode 0600), made at the first call."""
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        pass
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Written aside and linked: a reader beside us never sees half a secret,
        # and of two writers one wins.
        aside = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        with open(
            os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w"
        ) as f:
            f.write(secrets.token_hex(n_bytes))
            f.flush()
            os.fsync(f.fileno())
        try:
            os.link(aside, path)
        except FileExistsError:
            pass
        finally:
            aside.unlink()
    except OSError as error:
        raise EmbeddedError(
            f"The data folder {path.parent} cannot be written ({error.strerror});"
            " set IVR_DATA_DIR to one that can."
        ) from None
    return path.read_text(encoding="ascii").strip()


def service_user() -> pwd.struct_passwd | None:
    """Return who runs PostgreSQL when we are root, else None (ourselves)."""
    return pwd.getpwnam(SERVICE_USER) if os.geteuid() == 0 else None


def is_reachable(path: Path) -> bool:
    """Tell whether everybody may pass through all folders above `path`."""
    parents = path.absolute().resolve().parents
    return all(p.stat().st_mode & stat.S_IXOTH for p in parents if p.exists())


def package_folder(package: str) -> Path:
    """Return an installed package's folder without importing the package."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise EmbeddedError(
            f"The Python package {package} is not installed in this environment;"
            " run `make run`, or set DATABASE_URL and BROKER_URL."
        )
    return Path(spec.origin).parent


def _socket_folder(wanted: Path) -> Path:
    if len(os.fsencode(wanted)) <= LONGEST_SOCKET_FOLDER:
        return wanted
    short = hashlib.sha256(os.fsencode(wanted)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"ivr-{os.geteuid()}-{short}"
