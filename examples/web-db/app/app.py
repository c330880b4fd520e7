"""A visit counter: GET / increments a number in redis and prints it; GET /health says whether redis answers."""
import http.server
import os
import socket

REDIS = (os.environ.get("REDIS_HOST", "db"), 6379)
GREETING = os.environ.get("GREETING", "hello")


def redis(*words):
    """One command in redis' line protocol; returns the reply's first line without its type character."""
    request = b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w.encode()) for w in words)
    with socket.create_connection(REDIS, timeout=2) as connection:
        connection.sendall(request)
        reply = connection.makefile("rb").readline().decode().strip()
    if not reply or reply[0] == "-":
        raise OSError(f"redis answered {reply!r}")
    return reply[1:]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            if self.path == "/health":
                text = redis("PING")
            else:
                text = f"{GREETING}, visitor {redis('INCR', 'visits')}"
            status = 200
        except OSError as problem:
            status, text = 503, f"database: {problem}"
        body = (text + "\n").encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    print("listening on 8000", flush=True)
    http.server.ThreadingHTTPServer(("", 8000), Handler).serve_forever()
