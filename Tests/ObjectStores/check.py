#!/usr/bin/env python3
"""Runs xent over URLs: check.py XENT [--only NAME] [--moto] [--speed]. Exit status: 0 all is well, 1 something is not."""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import numpy

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from server import KEYS, Server  # noqa: E402

# The process is killed when it has written its first checkpoint.
DIES = {"XENT_TEST_CHECKPOINT_SECONDS": "0", "XENT_TEST_DIE_AT": "snapshot:after-rename"}
KEY = "AKIATESTTESTTEST1234"
EVAL = ["--task", "multiclass", "--input", "logits"]
AWKWARD = ["run=7/dt=2026-11-29/x.npy", "a+b@c(1).npy", "with space/ä ü.npy", "plain/100%25.npy", "q?x=1&y.npy", "~tilde*'!.npy"]


class Context:
    """A server with a dump in it, a folder with the same dump, and a way to run xent."""

    def __init__(self, xent):
        self.xent = xent
        self.folder = tempfile.mkdtemp(prefix="xent-urls-")
        self.server = Server()
        self.store = self.server.store
        random = numpy.random.default_rng(29)
        self.logits = random.normal(size=(200_000, 10)).astype("f4")
        self.labels = random.integers(0, 10, 200_000).astype("i4")
        numpy.save(self.path("x.npy"), self.logits)
        numpy.save(self.path("y.npy"), self.labels)
        self.run(["pack", "x.npy", "-o", "x.npy.zst", "--quiet"])
        self.run(["pack", "x.npy", "--labels", "y.npy", "-o", "x.parquet", "--quiet"])
        for name in ("x.npy", "y.npy", "x.npy.zst", "x.parquet"):
            self.store.put("public", name, self.read(name))
            self.store.put("signed", name, self.read(name))
        self.store.signed_buckets.add("signed")
        self.mean = self.run(["eval", "x.npy", "--labels", "y.npy", *EVAL, "--quiet"]).stdout

    def path(self, name):
        return os.path.join(self.folder, name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def environment(self, **variables):
        own = ("AWS_", "CURL_", "SSL_CERT")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(own) and "proxy" not in name.lower()}
        return kept | {"HOME": self.folder, "AWS_EC2_METADATA_DISABLED": "true", "AWS_ENDPOINT_URL": self.server.url} | variables

    @property
    def key(self):
        return {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": KEYS[KEY]}

    def run(self, arguments, status=0, **variables):
        result = subprocess.run(
            [self.xent, *arguments], cwd=self.folder, env=self.environment(**variables), capture_output=True, text=True, timeout=300)
        if status is not None:
            assert result.returncode == status, f"xent {' '.join(arguments)}: status {result.returncode}, not {status}\n{result.stderr}{result.stdout}"
        return result

    def close(self):
        self.server.shutdown()
        shutil.rmtree(self.folder)


def web(context, name, query=""):
    return f"{context.server.url}/public/{name}{query}"


def formats(c):
    """Every kind of file gives the bits of the file on disk, over web addresses and S3, and one report but for inputs and run."""
    for name in ("x.npy", "x.npy.zst"):
        for url in (web(c, name), f"s3://signed/{name}"):
            labels = url.replace(name, "y.npy")
            for threads in ("1", "3"):
                assert c.run(["eval", url, "--labels", labels, *EVAL, "--quiet", "-j", threads], **c.key).stdout == c.mean, url
    assert c.run(["eval", "s3://signed/x.parquet", *EVAL, "--quiet"], **c.key).stdout == c.mean
    reports = []
    for predictions, labels in (("x.npy.zst", "y.npy"), ("s3://signed/x.npy.zst", "s3://signed/y.npy")):
        report = json.loads(c.run(["eval", predictions, "--labels", labels, *EVAL, "--insight", "--json", "-"], **c.key).stdout)
        for name in ("inputs", "run"):
            report.pop(name)
        reports.append(json.dumps(report).replace("s3://signed/", ""))
    assert reports[0] == reports[1]


def opening(c):
    """An object is opened by one GET of its first MiB, never by HEAD; a small one needs no other request."""
    c.store.forget_requests()
    c.run(["eval", web(c, "x.npy"), "--labels", web(c, "y.npy"), *EVAL, "--quiet"])
    assert all(method == "GET" for method, *_ in c.store.requests)
    labels = [entry for entry in c.store.requests if "y.npy" in entry[1]]
    assert [entry[3] for entry in labels] == ["bytes=0-1048575"], labels
    predictions = [entry[3] for entry in c.store.requests if "x.npy" in entry[1]]
    assert sorted(predictions) == ["bytes=0-1048575", "bytes=1048576-5242879", "bytes=5242880-8000127"], predictions


def signatures(c):
    """Keys with =, +, spaces, umlauts and signs of URLs are signed as the server's own reading wants it."""
    for key in AWKWARD:
        c.store.put("signed", "keys/" + key, c.read("x.npy"))
        name = "keys/" + key
        assert c.run(["eval", "s3://signed/" + name.replace("*", "[*]").replace("?", "[?]"), "--labels", "y.npy", *EVAL, "--quiet"],
                     **c.key).stdout == c.mean, key
        # A key with the characters of a pattern stands for itself where there is one.
        assert c.run(["eval", "s3://signed/" + name, "--labels", "y.npy", *EVAL, "--quiet"], **c.key).stdout == c.mean, key
    assert c.run(["eval", "s3://signed/x.npy", "--labels", "y.npy", *EVAL, "--quiet"], AWS_SESSION_TOKEN="token/+=", **c.key).stdout == c.mean


def listing(c):
    """Patterns find keys as a shell finds files, over several pages, in natural order; what they do not match is an error."""
    for number in range(12):
        rows = slice(number * 1000, (number + 1) * 1000)
        for kind, array in (("x", c.logits), ("y", c.labels)):
            numpy.save(c.path("part.npy"), array[rows])
            c.store.put("signed", f"parts/day=1/{kind}-{number}.npy", c.read("part.npy"))
    c.store.put("signed", "parts/day=1/deeper/x-0.npy", b"not wanted")
    c.store.put("signed", "parts/day=1/.x-0.npy", b"not wanted")
    numpy.save(c.path("x12.npy"), c.logits[:12_000])
    numpy.save(c.path("y12.npy"), c.labels[:12_000])
    wanted = c.run(["eval", "x12.npy", "--labels", "y12.npy", *EVAL, "--quiet"]).stdout
    for size in (1000, 5):
        c.store.page_size = size
        for pattern in ("s3://signed/parts/day=1/x-*.npy", "s3://signed/p*/d?y=[0-9]/x-*.npy"):
            assert c.run(["eval", pattern, "--labels", "s3://signed/parts/*/y-*.npy", *EVAL, "--quiet"], **c.key).stdout == wanted
    c.store.page_size = 1000
    c.store.put("signed", "list.txt", "\r\n".join(f"s3://signed/parts/day=1/x-{number}.npy " for number in range(12)).encode())
    found = c.run(["eval", "@s3://signed/list.txt", "--labels", "s3://signed/parts/*/y-*.npy", *EVAL, "--quiet"], **c.key)
    assert found.stdout == wanted
    with open(c.path("list.txt"), "w") as file:
        file.write("\n".join(f"s3://signed/parts/day=1/x-{number}.npy" for number in range(12)))
    assert c.run(["eval", "@list.txt", "--labels", "s3://signed/parts/*/y-*.npy", *EVAL, "--quiet"], **c.key).stdout == wanted
    error = c.run(["eval", "s3://signed/parts/none-*.npy", "--labels", "y.npy", *EVAL], 66, **c.key).stderr
    assert "s3://signed/parts/none-*.npy: no object's name is like this" in error, error
    error = c.run(["eval", "s3://nobucket/x*.npy", "--labels", "y.npy", *EVAL], 66, **c.key).stderr
    assert "there is no bucket nobucket" in error, error


def faults(c):
    """Of requests that fail a third of the time every run gives the same bits: 503, resets, bodies cut short, from 20 seeds."""
    big = numpy.random.default_rng(3).normal(size=(1_000_000, 10)).astype("f4")
    numpy.save(c.path("big.npy"), big)
    numpy.save(c.path("bigy.npy"), numpy.arange(1_000_000, dtype="i4") % 10)
    c.store.put("public", "big.npy", c.read("big.npy"))
    wanted = c.run(["eval", "big.npy", "--labels", "bigy.npy", *EVAL, "--quiet"]).stdout
    failed = 0
    for seed in range(20):
        c.store.random.seed(seed)
        c.store.fault_rate = 0.33
        c.store.forget_requests()
        found = c.run(["eval", web(c, "big.npy"), "--labels", "bigy.npy", *EVAL, "--quiet"], None)
        c.store.fault_rate = 0
        assert found.stdout == wanted, f"seed {seed}: {found.stderr}"
        failed += c.store.count(503) + c.store.count(0)
    assert failed > 20, failed
    c.store.fault_rate = 1.0
    c.store.random.seed(1)
    error = c.run(["eval", web(c, "big.npy"), "--labels", "bigy.npy", *EVAL], 74).stderr
    c.store.fault_rate = 0
    assert "reading failed 10 times in a row" in error and "try again later" in error, error


def stalls(c):
    """A response that stalls is given up after ten seconds, and asked for again."""
    c.store.stall_rate, c.store.random = 0.5, __import__("random").Random(4)
    # The body comes whole before the pause: the connection is what stalls, with the next request on it.
    began = time.monotonic()
    found = c.run(["eval", web(c, "x.npy"), "--labels", "y.npy", *EVAL, "--quiet"])
    c.store.stall_rate = 0
    assert found.stdout == c.mean
    assert time.monotonic() - began < 60


def swapped(c):
    """An object that is swapped for another while it is read is an error, 65; --unpinned reads on; a server without tags is read."""
    for count in (1, 2):
        c.store.swap_after = count
        error = c.run(["eval", web(c, "x.npy"), "--labels", "y.npy", *EVAL], 65).stderr
        assert "the object was changed while it was being read" in error and "--unpinned" in error and "entity tag" in error, error
        assert "x.npy: at byte " in error, error
    c.store.swap_after = 1
    assert c.run(["eval", web(c, "x.npy"), "--labels", "y.npy", *EVAL, "--quiet", "--unpinned"]).stdout == c.mean
    c.store.swap_after = None
    c.store.tags = False
    assert c.run(["eval", web(c, "x.npy"), "--labels", "y.npy", *EVAL, "--quiet"]).stdout == c.mean
    c.store.tags = True


def secrets(c):
    """The query of a URL, and keys, are in no output, whatever happens."""
    query = "?X-Amz-Signature=SECRETSECRET&X-Amz-Credential=OTHERSECRET"
    arguments = ["eval", web(c, "x.npy", query), "--labels", web(c, "y.npy", query), *EVAL]
    c.run([*arguments, "--json", "r.json", "--html", "r.html", "--partial", "r.partial", "--metrics", "r.prom", "--job", "j",
           "--history", "r.jsonl", "--verbose", "--log", "json", "--worst", "3"])
    # A checkpoint is there when the run is killed in its middle.
    c.run([*arguments, "--checkpoint", "r.ckpt"], -9, **DIES)
    assert os.path.exists(c.path("r.ckpt"))
    texts = [c.read(name) for name in os.listdir(c.folder) if name.startswith("r.")]
    for bad in (web(c, "none.npy", query), web(c, "x.npy", query).replace("public", "signed")):
        for log in ("text", "json"):
            result = c.run(["eval", bad, "--labels", "y.npy", *EVAL, "--log", log], 66)
            texts.append((result.stdout + result.stderr).encode())
    c.store.swap_after = 1
    texts.append(c.run(arguments, 65).stderr.encode())
    c.store.swap_after = None
    wrong = dict(c.key, AWS_SECRET_ACCESS_KEY="WRONGSECRET")
    texts.append(c.run(["eval", "s3://signed/x.npy", "--labels", "y.npy", *EVAL, "--verbose"], 66, **wrong).stderr.encode())
    # A slip of the command line says the word that it is about.
    texts.append(c.run(["evil", web(c, "x.npy", query)], 64).stderr.encode())
    texts.append(c.run([web(c, "x.npy", query)], 64).stderr.encode())
    texts.append(c.run(["eval", "--task", web(c, "x.npy", query)], 64).stderr.encode())
    silent = c.run([*arguments[:1], web(c, "none.npy", query), *arguments[2:], "--silent"], 66)
    texts.append((silent.stdout + silent.stderr).encode())
    for text in texts:
        for secret in (b"SECRET", KEYS[KEY].encode()):
            assert secret not in text.replace(b"AWS_SECRET_ACCESS_KEY", b""), text
    report = json.loads(c.read("r.json"))
    assert report["inputs"][0]["etag"] == c.store.objects[("public", "x.npy")][1], report["inputs"]
    assert report["inputs"][0]["path"] == web(c, "x.npy"), report["inputs"]
    c.store.put("versions", "x.npy", c.read("x.npy"))
    found = c.run(["eval", "s3://versions/x.npy", "--labels", "y.npy", *EVAL, "--json", "-", "--no-sign-request"])
    assert json.loads(found.stdout)["inputs"][0]["version_id"] == "v.1" and "version_id" not in report["inputs"][0]
    # Two URLs that differ in their queries alone are two inputs.
    found = c.run(["eval", web(c, "x.npy", "?v=1"), web(c, "x.npy", "?v=2"), "--labels", "y.npy", "y.npy", *EVAL, "--json", "-"])
    assert [entry["path"] for entry in json.loads(found.stdout)["inputs"]][:2] == [web(c, "x.npy"), web(c, "x.npy") + "?2"]


def refusals(c):
    """Who is refused is told as whom he asked, with what key from where; a missing object by its name. Status 66."""
    cases = [
        ("s3://signed/none.npy", c.key, ["there is no such object: 404 (NoSuchKey", "asked with the access key …1234 from the environment"]),
        ("s3://signed/x.npy", dict(c.key, AWS_SECRET_ACCESS_KEY="wrong"), ["SignatureDoesNotMatch", "check the secret key"]),
        ("s3://signed/x.npy", dict(AWS_ACCESS_KEY_ID="AKIAUNKNOWN", AWS_SECRET_ACCESS_KEY="x"), ["InvalidAccessKeyId", "…NOWN"]),
        ("s3://signed/x.npy", {}, ["no key for S3 was found", "set AWS_PROFILE"]),
        ("s3://signed/x.npy", dict(AWS_ACCESS_KEY_ID=KEY), ["AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not"]),
        ("s3://signed/x.npy", dict(AWS_PROFILE="nigthly"), ["the profile nigthly is in neither"]),
        (web(c, "none.npy"), {}, ["there is no such object: 404", "check the URL"]),
        ("gs://bucket/x.npy", {}, ["AWS_ENDPOINT_URL=https://storage.googleapis.com"]),
        ("az://c/x.npy", {}, ["shared access signature"]),
        ("hdfs://n/x.npy", {}, ["the scheme hdfs is not read", "s3://"]),
        ("file:///x.npy", {}, ["name its path"]),
        ("s3://bucket", {}, ["s3://BUCKET/KEY"]),
    ]
    for url, variables, words in cases:
        error = c.run(["eval", url, "--labels", "y.npy", *EVAL], 66, **variables).stderr
        for word in words:
            assert word in error, f"{url}: {word!r} is not in {error!r}"
        assert error.startswith(f"xent: {url.split('?')[0]}: "), error
    error = c.run(["eval", "http://127.0.0.1:9/x.npy", "--labels", "y.npy", *EVAL], 74).stderr
    assert "reading failed 10 times in a row" in error and "127.0.0.1" in error, error
    error = c.run(["eval", "x.npy", "--labels", "y.npy", *EVAL, "--json", "s3://signed/r.json"], 64).stderr
    assert "--json names a URL" in error, error
    assert c.run(["eval", "s3://public/x.npy", "--labels", "y.npy", *EVAL, "--quiet", "--no-sign-request"]).stdout == c.mean
    c.store.put("paid", "x.npy", c.read("x.npy"))
    c.run(["eval", "s3://paid/x.npy", "--labels", "y.npy", *EVAL, "--quiet"], 66, **c.key)
    assert c.run(["eval", "s3://paid/x.npy", "--labels", "y.npy", *EVAL, "--quiet", "--requester-pays"], **c.key).stdout == c.mean


def ranges(c):
    """A server without ranges is refused with the remedy, but for objects that come whole with the first request; redirects are followed."""
    c.store.ignores_ranges = True
    error = c.run(["eval", web(c, "x.npy"), "--labels", "y.npy", *EVAL], 66).stderr
    assert "no ranges of them" in error and "curl" in error, error
    assert c.run(["eval", "x.npy", "--labels", web(c, "y.npy"), *EVAL, "--quiet"]).stdout == c.mean
    c.store.ignores_ranges = False
    assert c.run(["eval", f"{c.server.url}/redirect/public/x.npy", "--labels", "y.npy", *EVAL, "--quiet"]).stdout == c.mean
    c.store.put("public", "empty.npy", b"")
    error = c.run(["eval", web(c, "empty.npy"), "--labels", "y.npy", *EVAL], 65).stderr
    assert "empty" in error, error


def regions(c):
    """A bucket in another region is asked for there, once its server has named it."""
    c.store.put("far", "x.npy", c.read("x.npy"))
    c.store.signed_buckets.add("far")
    c.store.region_of["far"] = "eu-central-1"
    c.store.forget_requests()
    assert c.run(["eval", "s3://far/x.npy", "--labels", "y.npy", *EVAL, "--quiet"], **c.key).stdout == c.mean
    assert c.store.count(400) == 1, c.store.requests


def credentials(c):
    """Keys are found in the environment, in profiles, by programs, roles, web identities, containers and machines, in Amazon's order."""
    os.makedirs(c.path(".aws"), exist_ok=True)
    with open(c.path(".aws/credentials"), "w") as file:
        file.write(f"# a comment\n[default]\naws_access_key_id = {KEY}\naws_secret_access_key={KEYS[KEY]}  # and another\n")
    with open(c.path("key.json"), "w") as file:
        json.dump({"Version": 1, "AccessKeyId": KEY, "SecretAccessKey": KEYS[KEY]}, file)
    with open(c.path("token"), "w") as file:
        file.write("web.identity.token\n")
    with open(c.path("container-token"), "w") as file:
        file.write("container-token\n")
    with open(c.path(".aws/config"), "w") as file:
        file.write(f"""[profile program]
credential_process = cat "{c.path('key.json')}"
[profile failing]
credential_process = false
[profile role]
role_arn = arn:aws:iam::1:role/reader
source_profile = default
external_id = x y
s3 =
    max_concurrent_requests = 20
[profile chained]
role_arn = arn:aws:iam::1:role/second
source_profile = program
[profile loop]
role_arn = arn:aws:iam::1:role/loop
source_profile = loop2
[profile loop2]
role_arn = arn:aws:iam::1:role/loop
source_profile = loop
[profile browser]
sso_start_url = https://example.invalid
[profile code]
role_arn = arn:aws:iam::1:role/x
mfa_serial = 1
source_profile = default
""")

    def reads(origin, **variables):
        found = c.run(["eval", "s3://signed/x.npy", "--labels", "y.npy", *EVAL, "--quiet"], **variables)
        assert found.stdout == c.mean
        error = c.run(["eval", "s3://signed/none.npy", "--labels", "y.npy", *EVAL], 66, **variables).stderr
        assert origin in error, f"{origin!r} is not in {error!r}"

    def fails(words, **variables):
        error = c.run(["eval", "s3://signed/x.npy", "--labels", "y.npy", *EVAL], 66, **variables).stderr
        assert words in error, f"{words!r} is not in {error!r}"

    reads("the environment", AWS_PROFILE="failing", **c.key)
    reads(f"the profile default in {c.path('.aws/credentials')}")
    reads("the program of the profile program", AWS_PROFILE="program")
    reads("the role arn:aws:iam::1:role/reader of the profile role", AWS_PROFILE="role")
    reads("the role arn:aws:iam::1:role/second of the profile chained", AWS_DEFAULT_PROFILE="chained")
    fails("(credential_process) failed", AWS_PROFILE="failing")
    fails("name one another", AWS_PROFILE="loop")
    fails("the profile browser signs on through a browser", AWS_PROFILE="browser")
    fails("second factor", AWS_PROFILE="code")
    fails("did you mean program?", AWS_PROFILE="progam")
    os.rename(c.path(".aws/credentials"), c.path("elsewhere"))
    reads(f"the profile default in {c.path('elsewhere')}", AWS_SHARED_CREDENTIALS_FILE="~/elsewhere")
    reads("the role arn:r of the web identity", AWS_WEB_IDENTITY_TOKEN_FILE=c.path("token"), AWS_ROLE_ARN="arn:r")
    fails("token, nowhere, cannot be read", AWS_WEB_IDENTITY_TOKEN_FILE="nowhere", AWS_ROLE_ARN="arn:r")
    reads("the container's server of keys", AWS_CONTAINER_CREDENTIALS_FULL_URI=c.server.url + "/container/key",
          AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=c.path("container-token"))
    fails("gave none: 401", AWS_CONTAINER_CREDENTIALS_FULL_URI=c.server.url + "/container/key")
    reads("the machine's role the-role", AWS_EC2_METADATA_DISABLED="false", AWS_EC2_METADATA_SERVICE_ENDPOINT=c.server.url)
    # A key that is about to end is asked for anew within a run, and one that lasts is asked for once.
    for seconds, is_anew in ((60, True), (3600, False)):
        c.store.role_life_seconds = seconds
        c.store.forget_requests()
        found = c.run(["eval", "s3://signed/x.npy", "--labels", "y.npy", *EVAL, "--quiet"],
                      AWS_EC2_METADATA_DISABLED="false", AWS_EC2_METADATA_SERVICE_ENDPOINT=c.server.url)
        assert found.stdout == c.mean
        count = sum(entry[1].endswith("/security-credentials/the-role") for entry in c.store.requests)
        assert count > 1 if is_anew else count == 1, (seconds, count)
    # So is one that a server says has ended.
    c.store.expired_tokens.add("session&token")
    fails("ExpiredToken", AWS_EC2_METADATA_DISABLED="false", AWS_EC2_METADATA_SERVICE_ENDPOINT=c.server.url)
    c.store.expired_tokens.clear()


def once(c):
    """A large zstd file without a seek table comes over the network once, not once for its walk and once for its bytes."""
    big = numpy.random.default_rng(5).normal(size=(2_000_000, 10)).astype("f4")
    numpy.save(c.path("raw.npy"), big)
    numpy.save(c.path("rawy.npy"), numpy.arange(2_000_000, dtype="i4") % 10)
    subprocess.run(["zstd", "-1", "-q", "-f", "raw.npy", "-o", "raw.npy.zst"], cwd=c.folder, check=True)
    c.store.put("public", "raw.npy.zst", c.read("raw.npy.zst"))
    size = len(c.read("raw.npy.zst"))
    assert size > 64 << 20
    wanted = c.run(["eval", "raw.npy", "--labels", "rawy.npy", *EVAL, "--quiet"]).stdout
    c.store.forget_requests()
    assert c.run(["eval", web(c, "raw.npy.zst"), "--labels", "rawy.npy", *EVAL, "--quiet"]).stdout == wanted
    assert c.store.sent_byte_count < size * 1.1, (c.store.sent_byte_count, size)


def checkpoints(c):
    """A run over URLs is resumed if the objects are the same, and begun anew with a warning if one is another."""
    arguments = ["eval", web(c, "x.npy.zst"), "--labels", web(c, "y.npy"), *EVAL, "--quiet", "--checkpoint", "url.ckpt"]
    for changes in (False, True):
        c.run(arguments, -9, **DIES)
        shown = c.run(["inspect", "url.ckpt"])
        assert web(c, "x.npy.zst") in shown.stdout, shown.stdout
        if changes:
            c.store.objects[("public", "x.npy.zst")] = (c.read("x.npy.zst"), '"another"')
        resumed = c.run(arguments)
        assert resumed.stdout == c.mean
        assert ("has another entity tag than before" in resumed.stderr) == changes, resumed.stderr
    c.store.put("public", "x.npy.zst", c.read("x.npy.zst"))


def many(c):
    """Many small objects are opened side by side: what a server takes to answer is not waited for once an object."""
    count = 120
    for number in range(count):
        for kind, array in (("x", c.logits), ("y", c.labels)):
            numpy.save(c.path("part.npy"), array[number * 100:(number + 1) * 100])
            c.store.put("signed", f"many/{kind}-{number}.npy", c.read("part.npy"))
    arguments = ["eval", "s3://signed/many/x-*.npy", "--labels", "s3://signed/many/y-*.npy", *EVAL, "--quiet"]
    numpy.save(c.path("xm.npy"), c.logits[:count * 100])
    numpy.save(c.path("ym.npy"), c.labels[:count * 100])
    wanted = c.run(["eval", "xm.npy", "--labels", "ym.npy", *EVAL, "--quiet"]).stdout
    assert c.run(arguments, **c.key).stdout == wanted
    c.store.first_byte_seconds = 0.1
    began = time.monotonic()
    assert c.run(arguments, **c.key).stdout == wanted
    seconds = time.monotonic() - began
    c.store.first_byte_seconds = 0
    assert seconds < 0.4 * 2 * count * 0.1, seconds


def states(c):
    """A folder of a store is scored as it fills, each object once."""
    for number in range(3):
        for kind, array in (("x", c.logits), ("y", c.labels)):
            numpy.save(c.path("part.npy"), array[number * 1000:(number + 1) * 1000])
            c.store.put("signed", f"in/{kind}-{number}.npy", c.read("part.npy"))
    arguments = ["eval", "s3://signed/in/x-*.npy", "--labels", "s3://signed/in/y-*.npy", *EVAL, "--quiet", "--state", "state"]
    first = c.run(arguments, **c.key).stdout
    c.store.forget_requests()
    assert c.run(arguments, **c.key).stdout == first
    numpy.save(c.path("x3.npy"), c.logits[:3000])
    numpy.save(c.path("y3.npy"), c.labels[:3000])
    assert c.run(["eval", "x3.npy", "--labels", "y3.npy", *EVAL, "--quiet"]).stdout == first


def plans(c):
    """A plan over objects has their tags; a worker finds another object, and a copy elsewhere is found by --root."""
    arguments = ["plan", "s3://signed/x.npy.zst", "--labels", "s3://signed/y.npy", *EVAL, "--shards", "3"]
    c.run([*arguments, "-o", "plan.json"], **c.key)
    c.run([*arguments, "-o", "again.json"], **c.key)
    assert c.read("plan.json") == c.read("again.json")
    assert c.store.objects[("signed", "y.npy")][1] in json.loads(c.read("plan.json"))["inputs"][1]["etag"]
    parts = []
    for shard in range(3):
        parts.append(f"{shard}.partial")
        # The second worker has the files on its disk.
        place = ["--root", "s3://signed=."] if shard == 1 else []
        c.run(["eval", "--plan", "plan.json", "--shard", str(shard), "--partial", parts[-1], "--quiet", *place], **c.key)
    assert c.run(["merge", "--plan", "plan.json", *parts, "--quiet"]).stdout == c.mean
    content, tag = c.store.objects[("signed", "y.npy")]
    c.store.objects[("signed", "y.npy")] = (content, '"another"')
    error = c.run(["eval", "--plan", "plan.json", "--shard", "0", "--quiet"], 65, **c.key).stderr
    assert "its entity tag is" in error and "was planned" in error, error
    c.store.objects[("signed", "y.npy")] = (content, tag)
    error = c.run(["plan", web(c, "x.npy", "?sig=SECRET"), "--labels", "y.npy", *EVAL, "--shards", "2", "-o", "p.json"], 64).stderr
    assert "holds no query of a URL" in error and "SECRET" not in error, error


def commands(c):
    """inspect, pack, compare and merge read URLs as eval does."""
    shown = json.loads(c.run(["inspect", web(c, "x.npy.zst"), "--json", "-"]).stdout)
    assert shown[0]["path"] == web(c, "x.npy.zst"), shown
    c.run(["pack", web(c, "x.npy"), "-o", "again.npy.zst", "--quiet"])
    assert c.read("again.npy.zst") == c.read("x.npy.zst")
    assert "0" in c.run(["compare", web(c, "x.npy"), "x.npy", "--labels", "y.npy", *EVAL, "--quiet"]).stdout
    c.run(["eval", "x.npy", "--labels", "y.npy", *EVAL, "--quiet", "--partial", "p.partial"])
    c.store.put("public", "p.partial", c.read("p.partial"))
    assert c.run(["merge", web(c, "p.partial"), "--quiet"]).stdout == c.mean


def certificates(c):
    """Over TLS, with faults too: a server whose certificate is not trusted is refused, one whose certificate is named is read."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
         "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "certificate.pem"], cwd=c.folder, check=True, capture_output=True)
    with open(c.path("both.pem"), "wb") as file:
        file.write(c.read("key.pem") + c.read("certificate.pem"))
    server = Server(c.path("both.pem"))
    server.store.put("public", "x.npy", c.read("x.npy"))
    arguments = ["eval", f"{server.url}/public/x.npy", "--labels", "y.npy", *EVAL, "--quiet"]
    error = c.run(arguments, 66).stderr
    assert "certificate is not trusted" in error and "AWS_CA_BUNDLE" in error, error
    for variable in ("AWS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        assert c.run(arguments, **{variable: c.path("certificate.pem")}).stdout == c.mean
    for seed in range(5):
        server.store.random.seed(seed)
        server.store.fault_rate = 0.5
        assert c.run(arguments, AWS_CA_BUNDLE=c.path("certificate.pem")).stdout == c.mean, f"seed {seed}"
    server.shutdown()


def library(c):
    """Without libcurl a URL is an error that says what to install, and files are read as ever."""
    names = ("libcurl.so.4", "libcurl-gnutls.so.4")
    if sys.platform != "linux":
        return
    # An empty file in its place cannot be loaded.
    for name in names:
        with open(c.path(name), "wb"):
            pass
    error = c.run(["eval", web(c, "x.npy"), "--labels", "y.npy", *EVAL], 66, LD_LIBRARY_PATH=c.folder).stderr
    assert "libcurl" in error and "install it" in error, error
    assert c.run(["eval", "x.npy", "--labels", "y.npy", *EVAL, "--quiet"], LD_LIBRARY_PATH=c.folder).stdout == c.mean


def botocore_vectors(c):
    """xent's signatures are botocore's, byte for byte, for awkward keys and queries."""
    try:
        import botocore.auth
        import botocore.awsrequest
        import botocore.credentials
    except ImportError:
        print("    botocore is not installed: left out")
        return
    c.store.forget_requests()
    seen = []
    original = c.server.RequestHandlerClass.do_GET

    def look(handler):
        seen.append((handler.path, dict(handler.headers)))
        original(handler)

    c.server.RequestHandlerClass.do_GET = look
    try:
        for key in AWKWARD:
            c.run(["eval", "s3://signed/keys/" + key.replace("*", "[*]").replace("?", "[?]"), "--labels", "y.npy", *EVAL, "--quiet"], None, **c.key)
            c.run(["eval", "s3://signed/keys/" + key, "--labels", "y.npy", *EVAL, "--quiet"], None, AWS_SESSION_TOKEN="a/b+c==", **c.key)
    finally:
        c.server.RequestHandlerClass.do_GET = original
    assert len(seen) > len(AWKWARD), seen
    for path, headers in seen:
        sent = {name: value for name, value in headers.items() if name.lower().startswith("x-amz-")}
        credentials = botocore.credentials.Credentials(KEY, KEYS[KEY], headers.get("x-amz-security-token"))
        request = botocore.awsrequest.AWSRequest("GET", c.server.url + path, headers={"x-amz-content-sha256": sent["x-amz-content-sha256"]})
        request.context["timestamp"] = headers["x-amz-date"]
        signer = botocore.auth.S3SigV4Auth(credentials, "s3", "us-east-1")
        request.headers["X-Amz-Date"] = headers["x-amz-date"]
        if credentials.token:
            request.headers["X-Amz-Security-Token"] = credentials.token
        canonical = signer.canonical_request(request)
        wanted = signer.signature(signer.string_to_sign(request, canonical), request)
        assert headers["Authorization"].endswith("Signature=" + wanted), f"{path}: {headers['Authorization']} is not {wanted}\n{canonical}"


def moto(c):
    """moto's server, which knows nothing of us: keys, lists, conditions, STS."""
    import logging

    import boto3
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    key = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_ENDPOINT_URL": url}
    client = boto3.client(
        "s3", endpoint_url=url, aws_access_key_id="testing", aws_secret_access_key="testing", region_name="us-east-1")
    client.create_bucket(Bucket="dumps")
    for number in range(3):
        rows = slice(number * 1000, (number + 1) * 1000)
        for kind, array in (("x", c.logits), ("y", c.labels)):
            numpy.save(c.path("part.npy"), array[rows])
            client.put_object(Bucket="dumps", Key=f"dt=2026-11-29/{kind} {number}ä.npy", Body=c.read("part.npy"))
    client.put_object(Bucket="dumps", Key="x.npy.zst", Body=c.read("x.npy.zst"))
    numpy.save(c.path("x3.npy"), c.logits[:3000])
    numpy.save(c.path("y3.npy"), c.labels[:3000])
    wanted = c.run(["eval", "x3.npy", "--labels", "y3.npy", *EVAL, "--quiet"]).stdout
    found = c.run(["eval", "s3://dumps/dt=*/x*.npy", "--labels", "s3://dumps/dt=*/y*.npy", *EVAL, "--quiet"], **key)
    assert found.stdout == wanted
    assert c.run(["eval", "s3://dumps/x.npy.zst", "--labels", "y.npy", *EVAL, "--quiet"], **key).stdout == c.mean
    signed = client.generate_presigned_url("get_object", Params={"Bucket": "dumps", "Key": "x.npy.zst"})
    assert c.run(["eval", signed, "--labels", "y.npy", *EVAL, "--quiet"], **key).stdout == c.mean
    error = c.run(["eval", "s3://dumps/none.npy", "--labels", "y.npy", *EVAL], 66, **key).stderr
    assert "NoSuchKey" in error, error
    with open(c.path("token"), "w") as file:
        file.write("token")
    role = {"AWS_ENDPOINT_URL": url, "AWS_WEB_IDENTITY_TOKEN_FILE": c.path("token"), "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/reader"}
    assert c.run(["eval", "s3://dumps/x.npy.zst", "--labels", "y.npy", *EVAL, "--quiet"], **role).stdout == c.mean
    metadata = {"AWS_ENDPOINT_URL": url, "AWS_EC2_METADATA_SERVICE_ENDPOINT": url, "AWS_EC2_METADATA_DISABLED": "false"}
    assert c.run(["eval", "s3://dumps/x.npy.zst", "--labels", "y.npy", *EVAL, "--quiet"], **metadata).stdout == c.mean
    server.stop()


def speed(c):
    """30 ms to the first byte, 90 MB/s a connection: whole processes in turn, medians of 7, beside the file on disk (at most 1.5 times)."""
    rows = 1_250_000
    if not os.path.exists(c.path("speed.npy.zst")):
        random = numpy.random.default_rng(1)
        out = numpy.lib.format.open_memmap(c.path("speed.npy"), "w+", dtype="f4", shape=(rows, 100))
        for start in range(0, rows, 50_000):
            out[start:start + 50_000] = random.normal(scale=1.5, size=(min(50_000, rows - start), 100))
        del out
        numpy.save(c.path("speedy.npy"), random.integers(0, 100, rows).astype("i4"))
        c.run(["pack", "speed.npy", "-o", "speed.npy.zst", "--quiet"])
    c.store.put("public", "speed.npy.zst", c.path("speed.npy.zst"))
    c.store.first_byte_seconds, c.store.bytes_per_second = 0.03, 90_000_000
    times = {"local": [], "URL": []}
    for _ in range(7):
        for name, file in (("local", "speed.npy.zst"), ("URL", web(c, "speed.npy.zst"))):
            began = time.monotonic()
            c.run(["eval", file, "--labels", "speedy.npy", *EVAL, "--quiet"])
            times[name].append(time.monotonic() - began)
    medians = {name: statistics.median(values) for name, values in times.items()}
    print(f"    {os.path.getsize(c.path('speed.npy.zst')) / 1e6:.0f} MB: local {medians['local']:.2f} s, URL {medians['URL']:.2f} s, "
          f"ratio {medians['URL'] / medians['local']:.2f}")
    c.store.first_byte_seconds, c.store.bytes_per_second = 0, 0
    assert medians["URL"] / medians["local"] <= 1.5


TESTS = [formats, opening, signatures, botocore_vectors, listing, faults, stalls, swapped, secrets, refusals, ranges, regions, credentials, once,
         checkpoints, states, many, plans, commands, certificates, library]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("xent")
    parser.add_argument("--only", help="the name of one test")
    parser.add_argument("--moto", action="store_true", help="run the tests against moto's server as well")
    parser.add_argument("--speed", action="store_true", help="measure a slow server, and nothing else")
    arguments = parser.parse_args()
    tests = [speed] if arguments.speed else TESTS + ([moto] if arguments.moto else [])
    if arguments.only:
        tests = [test for test in TESTS + [moto, speed] if test.__name__ == arguments.only]
    context = Context(os.path.abspath(arguments.xent))
    failures = 0
    for test in tests:
        began = time.monotonic()
        try:
            test(context)
            print(f"  {test.__name__}: {test.__doc__.splitlines()[0]} ({time.monotonic() - began:.1f} s)", flush=True)
        except (AssertionError, subprocess.TimeoutExpired, json.JSONDecodeError, OSError) as error:
            failures += 1
            print(f"  {test.__name__} FAILED: {error}", flush=True)
    context.close()
    print(f"{len(tests) - failures} passed, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
