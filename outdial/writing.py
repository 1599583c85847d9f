"""Files that are there whole or not at all."""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from campaign.errors import BadInput, Fault

STDOUT = Path("-")


@contextmanager
def complete_file(path: Path) -> Generator[IO[bytes]]:
    """Lend a file to write (or stdout, for `-`) that is in its place once the block has ended well.

    One that is there already is replaced, and only once the new one is on the disk; only its owner
    may read it. Raises `BadInput` if it cannot be written.
    """
    if path == STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        message = f"{path} cannot be written ({error.strerror})"
        raise BadInput(message, [Fault(message, "Choose another by --output.")]) from None
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        message = f"{path} cannot be written ({error.strerror})"
        raise BadInput(message, [Fault(message, "Make room, or choose another.")]) from None
    finally:
        draft.unlink(missing_ok=True)
