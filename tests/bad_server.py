"""A web server on this machine that misbehaves on demand, for tests of downloads. The first part of a path names the
misbehaviour: /ok/, /403/, /404/, /503/, /html/, /truncated/, /reset/, /hang/, /redirect/. Knows nothing of the package.
"""

import http.server
import socket
import struct
import threading


class BadServer:
    """Serve `bodies` (file name -> bytes) in many wrong ways; use as a context manager. `asked` lists the paths."""

    def __init__(self, bodies):
        self.bodies, self.asked, self.leave = bodies, [], threading.Event()

    def __enter__(self):
        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = False  # so that closing waits for every answer, and no socket is left behind
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.leave.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def mirror(self, manner):
        """Return the address of the mirror that behaves in this manner."""
        return f"http://127.0.0.1:{self._http.server_port}/{manner}/"


def closed_port():
    """Return the address of a mirror that nobody serves."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/ok/"


def _handler(server):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            server.asked.append(self.path)
            _, manner, name = self.path.split("/", 2)
            body = server.bodies.get(name, b"")
            if manner.isdigit():
                self.send_error(int(manner))
            elif manner == "hang":
                server.leave.wait(30)
            elif manner == "redirect":
                self.answer(302, b"", Location="http://example.invalid/" + name)
            elif manner == "html":
                self.answer(200, b"<!DOCTYPE html><title>Please log in</title>")
            elif manner in ("truncated", "reset"):
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[:len(body) // 2])
                if manner == "reset":
                    self.reset()
            else:
                self.answer(200, body)

        def answer(self, code, body, **headers):
            self.send_response(code)
            for key, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(body)

        def reset(self):
            """Close without a goodbye: zero linger makes the system send RST."""
            self.wfile.flush()
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

        def log_message(self, *_):
            pass

    return Handler
