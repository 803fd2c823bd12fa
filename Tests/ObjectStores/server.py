"""A store of objects on this machine that speaks S3's language, and fails as networks and stores fail, from a seed.

It checks signatures by a reading of Amazon's documentation of its own, so that a fault of xent's signer is not repeated here. Used by check.py.
"""

import base64
import hashlib
import hmac
import json
import os
import random
import socket
import ssl
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape

KEYS = {"AKIATESTTESTTEST1234": "secret/of+the=first", "ASIAROLEROLEROLE5678": "secret/of+the=role"}


class Store:
    """The objects of a server, its faults, and what it was asked."""

    def __init__(self):
        self.objects = {}  # (bucket, key) -> (bytes or a path, entity tag)
        self.lock = threading.Lock()
        self.requests = []  # (method, path, status, range)
        self.fault_rate = 0.0
        self.stall_rate = 0.0
        self.random = random.Random(0)
        self.first_byte_seconds = 0.0
        self.bytes_per_second = 0
        self.ignores_ranges = False
        self.tags = True
        self.swap_after = None  # the number of ranges after which objects have other bytes
        self.signed_buckets = set()
        self.region_of = {}
        self.expired_tokens = set()
        self.sent_byte_count = 0
        self.page_size = 1000
        self.role_life_seconds = 3600

    def put(self, bucket, key, content):
        if isinstance(content, (bytes, bytearray)):
            tag = hashlib.md5(content).hexdigest()
        else:
            tag = f"{os.path.getsize(content)}-{os.path.getmtime(content)}"
        self.objects[(bucket, key)] = (content, f'"{tag}"')

    def count(self, status):
        return sum(1 for request in self.requests if request[2] == status)

    def forget_requests(self):
        with self.lock:
            self.requests.clear()
            self.sent_byte_count = 0


def signature_fault(handler, body):
    """Says what is wrong with a request's signature, or None. From the steps of "Create a signed AWS API request"."""
    header = handler.headers.get("Authorization", "")
    if not header.startswith("AWS4-HMAC-SHA256 "):
        return "AccessDenied"
    parts = dict(part.strip().split("=", 1) for part in header[len("AWS4-HMAC-SHA256 "):].split(","))
    key_id, day, region, service, _ = parts["Credential"].split("/")
    if key_id not in KEYS:
        return "InvalidAccessKeyId"
    target, _, query = handler.path.partition("?")
    names = parts["SignedHeaders"].split(";")
    if "host" not in names or "x-amz-date" not in names:
        return "AccessDenied"
    payload = handler.headers.get("x-amz-content-sha256")
    if service == "s3" and payload is None:
        return "MissingSecurityHeader"
    payload = payload or hashlib.sha256(body).hexdigest()
    # What was sent is decoded and encoded anew: a signer that sends what it did not sign is found.
    canonical_path = urllib.parse.quote(urllib.parse.unquote(target), safe="/-_.~")
    pairs = sorted(
        (urllib.parse.quote(urllib.parse.unquote_plus(name), safe="-_.~"), urllib.parse.quote(urllib.parse.unquote(value), safe="-_.~"))
        for name, _, value in (part.partition("=") for part in query.split("&") if part)
    )
    canonical = "\n".join([
        handler.command, canonical_path, "&".join(f"{name}={value}" for name, value in pairs),
        "".join(f"{name}:{' '.join(handler.headers[name].split())}\n" for name in names), ";".join(names), payload,
    ])
    stamp = handler.headers["x-amz-date"]
    if abs(time.time() - time.mktime(time.strptime(stamp + " UTC", "%Y%m%dT%H%M%SZ %Z")) + time.timezone) > 900:
        return "RequestTimeTooSkewed"
    scope = f"{day}/{region}/{service}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + KEYS[key_id]).encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    wanted = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted, parts["Signature"]):
        return "SignatureDoesNotMatch"
    return None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16
    disable_nagle_algorithm = True

    @property
    def store(self):
        return self.server.store

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", headers=()):
        with self.store.lock:
            self.store.requests.append((self.command, self.path, status, self.headers.get("Range")))
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def fault(self, status, code, headers=()):
        body = f'<?xml version="1.0"?>\n<Error><Code>{code}</Code><Message>The server says {code}.</Message></Error>'.encode()
        self.answer(status, body, [("Content-Type", "application/xml"), *headers])

    def reset(self):
        with self.store.lock:
            self.store.requests.append((self.command, self.path, 0, self.headers.get("Range")))
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        self.close_connection = True
        self.connection.close()

    def do_HEAD(self):
        self.fault(403, "AccessDenied")

    def do_PUT(self):
        if self.path == "/latest/api/token":
            if "X-aws-ec2-metadata-token-ttl-seconds" not in self.headers:
                return self.answer(400)
            return self.answer(200, b"TOKEN")
        self.answer(405)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        form = dict(urllib.parse.parse_qsl(body.decode()))
        action = form.get("Action")
        if action == "AssumeRole":
            fault = signature_fault(self, body)
            if fault:
                return self.fault(403, fault)
        elif action == "AssumeRoleWithWebIdentity":
            if form.get("WebIdentityToken") != "web.identity.token":
                return self.fault(400, "InvalidIdentityToken")
        else:
            return self.fault(400, "InvalidAction")
        self.answer(200, f"""<{action}Response><{action}Result><Credentials><AccessKeyId>ASIAROLEROLEROLE5678</AccessKeyId>
            <SecretAccessKey>{KEYS["ASIAROLEROLEROLE5678"]}</SecretAccessKey><SessionToken>session&amp;token</SessionToken>
            <Expiration>{self.expiration()}</Expiration></Credentials></{action}Result></{action}Response>""".encode())

    def expiration(self):
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + self.store.role_life_seconds))

    def role_key(self):
        return json.dumps({
            "Code": "Success", "AccessKeyId": "ASIAROLEROLEROLE5678", "SecretAccessKey": KEYS["ASIAROLEROLEROLE5678"],
            "Token": "session&token", "Expiration": self.expiration(), "Nested": {"a": [1, "}"]},
        }).encode()

    def metadata(self):
        if self.path == "/container/key":
            if self.headers.get("Authorization") != "container-token":
                return self.answer(401)
            return self.answer(200, self.role_key())
        if self.headers.get("X-aws-ec2-metadata-token") != "TOKEN":
            return self.answer(401)
        if self.path.endswith("/security-credentials/"):
            return self.answer(200, b"the-role")
        if self.path.endswith("/security-credentials/the-role"):
            return self.answer(200, self.role_key())
        self.answer(404)

    def do_GET(self):
        if self.path.startswith("/latest/") or self.path.startswith("/container/"):
            return self.metadata()
        target, _, query = self.path.partition("?")
        bucket, _, key = urllib.parse.unquote(target).lstrip("/").partition("/")
        if bucket == "redirect":
            return self.answer(302, headers=[("Location", "/" + key)])
        if bucket in self.store.signed_buckets:
            fault = signature_fault(self, b"")
            if fault:
                return self.fault(403, fault)
            if self.headers.get("x-amz-security-token") in self.store.expired_tokens:
                return self.fault(400, "ExpiredToken")
            region = self.headers["Authorization"].split("/")[2]
            if self.store.region_of.get(bucket, region) != region:
                return self.fault(400, "AuthorizationHeaderMalformed", [("x-amz-bucket-region", self.store.region_of[bucket])])
        elif bucket == "paid" and self.headers.get("x-amz-request-payer") != "requester":
            return self.fault(403, "AccessDenied")
        if not key:
            return self.list(bucket, dict(urllib.parse.parse_qsl(query, keep_blank_values=True)))
        self.get(bucket, key)

    def list(self, bucket, query):
        if not any(name == bucket for name, _ in self.store.objects):
            return self.fault(404, "NoSuchBucket")
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        entries = []  # (name, whether it is a folder)
        for name, key in sorted(self.store.objects):
            if name != bucket or not key.startswith(prefix):
                continue
            end = key.find(delimiter, len(prefix)) if delimiter else -1
            entry = (key[:end + 1], True) if end >= 0 else (key, False)
            if entry not in entries:
                entries.append(entry)
        start = int(base64.b64decode(query["continuation-token"])) if "continuation-token" in query else 0
        size = min(int(query.get("max-keys", 1000)), self.store.page_size)
        page = entries[start:start + size]
        more = start + size < len(entries)
        quote = urllib.parse.quote_plus if query.get("encoding-type") == "url" else escape
        body = '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        body += f"<IsTruncated>{'true' if more else 'false'}</IsTruncated><EncodingType>{query.get('encoding-type', '')}</EncodingType>"
        for name, is_folder in page:
            quoted = quote(name, safe="/") if quote is urllib.parse.quote_plus else quote(name)
            body += f"<CommonPrefixes><Prefix>{quoted}</Prefix></CommonPrefixes>" if is_folder else (
                f"<Contents><Key>{quoted}</Key><Size>1</Size></Contents>")
        if more:
            body += f"<NextContinuationToken>{base64.b64encode(str(start + size).encode()).decode()}</NextContinuationToken>"
        self.answer(200, (body + "</ListBucketResult>").encode(), [("Content-Type", "application/xml")])

    def get(self, bucket, key):
        store = self.store
        if (bucket, key) not in store.objects:
            return self.fault(404, "NoSuchKey")
        content, tag = store.objects[(bucket, key)]
        with store.lock:
            chance, stall, truncate = store.random.random(), store.random.random(), store.random.random()
            if store.swap_after is not None:
                store.swap_after -= 1
                if store.swap_after < 0:
                    tag = '"another"'
        if chance < store.fault_rate:
            if chance < store.fault_rate / 3:
                return self.fault(503, "SlowDown")
            if chance < store.fault_rate * 2 / 3:
                return self.reset()
        size = len(content) if isinstance(content, (bytes, bytearray)) else os.path.getsize(content)
        condition = self.headers.get("If-Match")
        if condition is not None and condition != tag:
            return self.fault(412, "PreconditionFailed")
        header = self.headers.get("Range")
        start, end, status, headers = 0, size, 200, []
        if header and not store.ignores_ranges:
            first, last = header[len("bytes="):].split("-")
            start, end, status = int(first), min(size, int(last) + 1), 206
            if start >= size:
                return self.answer(416, headers=[("Content-Range", f"bytes */{size}")])
            headers.append(("Content-Range", f"bytes {start}-{end - 1}/{size}"))
        if store.tags:
            headers.append(("ETag", tag))
        if bucket == "versions":
            headers.append(("x-amz-version-id", "v.1"))
        headers.append(("Last-Modified", "Sun, 29 Nov 2026 12:00:00 GMT"))
        with store.lock:
            store.requests.append((self.command, self.path, status, header))
            store.sent_byte_count += end - start
        if store.first_byte_seconds:
            time.sleep(store.first_byte_seconds)
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(end - start))
        self.end_headers()
        self.wfile.flush()
        limit = end
        if store.fault_rate * 2 / 3 <= chance < store.fault_rate:
            limit = start + int((end - start) * truncate)  # The body is cut short.
        try:
            self.send_bytes(content, start, limit)
            if stall < store.stall_rate:
                time.sleep(60)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
            return
        if limit < end:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def send_bytes(self, content, start, end):
        rate = self.store.bytes_per_second
        if isinstance(content, (bytes, bytearray)):
            self.wfile.write(memoryview(content)[start:end])
            self.wfile.flush()
            return
        began, place = time.monotonic(), start
        with open(content, "rb") as file:
            while place < end:
                place += os.sendfile(self.connection.fileno(), file.fileno(), place, min(1 << 20, end - place))
                if rate:
                    ahead = (place - start) / rate - (time.monotonic() - began)
                    if ahead > 0:
                        time.sleep(ahead)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, certificate=None):
        """Begins to serve; over TLS with a certificate and its key in one file, where one is given."""
        super().__init__(("127.0.0.1", 0), Handler)
        self.store = Store()
        self.scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            # The handshake is made by the thread of the connection, and not by the one that waits for the next.
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
            self.scheme = "https"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass  # Connections that the client closed.

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}"
