"""A replica for tests: answers on a socket file as one of sonde would, and does what a test wants of it.

--listen unix:PATH   where it answers
--hold FOLDER        a request whose path ends in /hold/NAME waits while the file NAME is in that folder
--deaf               goes on after SIGTERM
--broken             ends at once
"""

import argparse
import http.server
import json
import os
import signal
import socketserver
import sys
import threading
import time

parser = argparse.ArgumentParser()
parser.add_argument("--listen", required=True)
parser.add_argument("--hold", default="")
parser.add_argument("--deaf", action="store_true")
parser.add_argument("--broken", action="store_true")
options = parser.parse_args()

if options.broken:
    sys.exit("this model cannot be read")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def address_string(self):
        return "unix"

    def log_message(self, *arguments):
        pass

    def answer(self, value):
        body = json.dumps(value).encode()
        # One write: the answer is whole, or is not there.
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self.wfile.write(head.encode() + body)

    def do_GET(self):
        self.answer({"ready": True})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        path, _, name = self.path.rpartition("/hold/")
        while path and os.path.exists(os.path.join(options.hold, name)):
            time.sleep(0.01)
        self.answer({"pid": os.getpid(), "path": self.path, "sum": sum(body), "bytes": len(body)})


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    request_queue_size = 128
    daemon_threads = True


server = Server(options.listen.removeprefix("unix:"), Handler)
end = (lambda *_: None) if options.deaf else (lambda *_: threading.Thread(target=server.shutdown).start())
signal.signal(signal.SIGTERM, end)
server.serve_forever(poll_interval=0.05)
