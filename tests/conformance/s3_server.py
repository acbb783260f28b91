"""A server that speaks the language of S3, written by others; it listens on this machine alone."""

import socket
import subprocess
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

SERVER = Path(__file__).parents[2] / ".conformance" / "s3" / "bin" / "moto_server"
LONGEST_START = 30  # Seconds.
BUCKET = "register"


@contextmanager
def server_on(port):
    """A server with an empty bucket. It forgets all when it ends."""
    address = f"http://127.0.0.1:{port}"
    with subprocess.Popen(
        [SERVER, "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            wait_for(port)
            make = urllib.request.Request(f"{address}/{BUCKET}", method="PUT")
            urllib.request.urlopen(make).close()
            yield process
        finally:
            process.terminate()


def wait_for(port):
    for _ in range(LONGEST_START * 10):
        with socket.socket() as asking:
            if asking.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("the object store did not start")
