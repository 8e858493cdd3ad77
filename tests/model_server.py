"""A small OpenAI-style server on this machine, which says what a test tells it to say."""

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def completion(text, **more) -> dict:
    """A chat completion as llama.cpp, vLLM, Ollama and LM Studio send it."""
    return {
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text, **more}}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 4},
    }


class ModelServer(ThreadingHTTPServer):
    """`reply` is (status, what to send: JSON, or bytes as they are), or a function of the request's
    body to that; `models` what it lists; `asked` the bodies so far, `paths` the requests.
    """

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.reply = (200, completion("At nine."))
        self.models, self.asked, self.paths = ["small"], [], []
        self.headers: dict[str, str] = {}
        self.address = f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_):
        pass  # a client that no longer waits is no fault of the server's


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.paths.append(f"GET {self.path}")
        self._send(200, {"object": "list", "data": [{"id": name} for name in self.server.models]})

    def do_POST(self):
        self.server.paths.append(f"POST {self.path}")
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(body)
        reply = self.server.reply
        self._send(*(reply(body) if callable(reply) else reply))

    def _send(self, status, what):
        data = what if isinstance(what, bytes) else json.dumps(what).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


@contextlib.contextmanager
def served() -> Iterator[ModelServer]:
    """The server, at work until the block ends."""
    with ModelServer() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
