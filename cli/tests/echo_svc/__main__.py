"""A service that only says it is ready: what the supervisor is tested with."""

import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Ready(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


if sys.argv[1] == "run":
    address = (os.environ["FUNDMIX_HTTP__HOST"], int(os.environ["FUNDMIX_HTTP__PORT"]))  # noqa: TID251  # it has no settings.py
    HTTPServer(address, Ready).serve_forever()
