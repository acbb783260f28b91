"""The public log as nginx serves it by the files in `deploy/`, beside how the register does.

nginx listens on this machine alone, on a copy of the configuration with other ports and places.
"""

import re
import shutil
import socket
import subprocess
import time

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware

from api.envelope import Envelope
from api.public_log import public_log_routes
from tests.api.served import served
from tests.server_process import ROOT

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin")
DEPLOY = ROOT / "deploy"
WRAPPED = """
daemon off; pid {folder}/pid; error_log {folder}/error.log; user root;
events {{ }}
http {{ access_log off; include site.conf; }}
"""
NONE_THERE = [
    "tile/0/999",
    "tile/64/000",
    "tile/x/000",
    "tile/0/0000",
    "tile/0/%30%30%30",
    "tile/entries/000.p/999",
    "chec%6Bpoint",
]
# Of these, each server has its own.
OWN = {"server", "date", "etag", "last-modified", "accept-ranges", "connection", "x-request-id"}
SENT_IN_PIECES = {"content-length", "transfer-encoding"}

pytestmark = pytest.mark.skipif(
    NGINX is None, reason="nginx is missing: apt-get install nginx-light"
)


@pytest.fixture
def log(exported, tmp_path):
    """The exported log, in a folder that a web server may enter."""
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    return shutil.copytree(exported, tmp_path / "ledger")


@pytest.fixture
def nginx(log, tmp_path, port):
    """Where nginx serves the folder of the log."""
    folder = tmp_path / "nginx"
    shutil.copytree(DEPLOY / "nginx", folder / "datatitle")
    site = (DEPLOY / "compose" / "nginx.conf").read_text()
    site = re.sub(r"server api\d:\d+", "server 127.0.0.1:9", site)
    site = site.replace("listen 8080", f"listen 127.0.0.1:{port}")
    (folder / "site.conf").write_text(site.replace("/srv/datatitle", str(log.parent)))
    (folder / "nginx.conf").write_text(WRAPPED.format(folder=folder))
    command = [NGINX, "-p", folder, "-c", folder / "nginx.conf"]
    with subprocess.Popen(command) as process:
        wait_for(port)
        yield f"http://127.0.0.1:{port}"
        process.terminate()


def wait_for(port):
    for _ in range(100):
        with socket.socket() as asking:
            if asking.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError("nginx did not start")


def told(answer):
    headers = {name: text for name, text in answer.headers.items() if name not in OWN}
    if answer.headers.get("content-encoding") == "gzip" or answer.request.method == "HEAD":
        headers = {name: text for name, text in headers.items() if name not in SENT_IN_PIECES}
    return answer.status_code, headers, answer.content


async def test_nginx_answers_with_the_bytes_and_headers_of_the_register(log, nginx):
    app = Starlette(routes=public_log_routes(log), middleware=[Middleware(Envelope)])
    files = [path.relative_to(log).as_posix() for path in log.rglob("*") if path.is_file()]
    public = [name for name in files if re.fullmatch(r"checkpoint|log\.vkey|policy|tile/.*", name)]
    assert len(public) == 10
    async with served(app) as place, httpx.AsyncClient() as client:
        for name in [*public, *NONE_THERE]:
            for method in ("GET", "HEAD"):
                for encoding in ("identity", "gzip"):
                    asked = {"method": method, "headers": {"Accept-Encoding": encoding}}
                    ours = await client.request(url=f"http://{place}/ledger/{name}", **asked)
                    theirs = await client.request(url=f"{nginx}/ledger/{name}", **asked)
                    assert told(theirs) == told(ours), (method, encoding, name)


def test_the_site_of_one_machine_is_well_formed(tmp_path):
    folder = tmp_path / "nginx"
    shutil.copytree(DEPLOY / "nginx", folder / "datatitle")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=register"]
    subprocess.run([*make, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    site = (DEPLOY / "one-machine" / "nginx.conf").read_text()
    (folder / "site.conf").write_text(site.replace("/etc/ssl/datatitle", str(folder)))
    (folder / "nginx.conf").write_text(WRAPPED.format(folder=folder))
    tried = subprocess.run(
        [NGINX, "-t", "-p", folder, "-c", folder / "nginx.conf"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (tried.returncode, "test is successful" in tried.stderr) == (0, True), tried.stderr
