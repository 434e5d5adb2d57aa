import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.client.scripted_hub import ScriptedHub, StoppedTime


@pytest.fixture
def hub() -> Iterator[ScriptedHub]:
    server = ScriptedHub()
    yield server
    server.close()


@pytest.fixture
def stopped_time() -> StoppedTime:
    return StoppedTime()


@pytest.fixture
def self_signed_hub() -> Iterator[str]:
    """The URL of an HTTPS server whose certificate nobody vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(Path(__file__).with_name("self_signed.pem"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"https://localhost:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
