"""The process of a temporary Prefect server: `python -m flows.server_process PORT`.

It ends when its stdin is closed, which is when its parent has ended, `kill -9` included.
"""

import os
import signal
import sys
import threading
import time

import uvicorn

_GRACE_SECONDS = 5.0


def main() -> None:
    """Serve Prefect's API and UI on loopback."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    uvicorn.run(
        "prefect.server.api.server:create_app",
        factory=True,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        log_level="error",
        lifespan="on",
    )


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()
