#!/usr/bin/env python3
"""Packs the Python package and one binary of the command into a wheel, the same bytes for the same files.

    python/pack_wheel.py --binary FILE --platform TAG --output FOLDER

The binary lies in xent-VERSION.data/scripts, from where installers put it beside python; its manual page and completions in .../data/share.
Needs Python 3.11 or newer, and nothing else. scripts/build-wheel.sh calls it.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import os
import pathlib
import re
import subprocess
import sys
import tomllib
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
EARLIEST = (1980, 1, 1, 0, 0, 0)


def metadata(project: dict) -> str:
    """Returns the METADATA of a wheel."""
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {project['name']}",
        f"Version: {project['version']}",
        f"Summary: {project['description']}",
        f"Keywords: {','.join(project['keywords'])}",
        f"License: {project['license']['text']}",
        f"Requires-Python: {project['requires-python']}",
        *(f"Classifier: {classifier}" for classifier in project["classifiers"]),
    ]
    for extra, requirements in project["optional-dependencies"].items():
        lines.append(f"Provides-Extra: {extra}")
        lines += [f'Requires-Dist: {requirement}; extra == "{extra}"' for requirement in requirements]
    lines += ["Description-Content-Type: text/markdown", "", (ROOT / "python" / project["readme"]).read_text()]
    return "\n".join(lines)


def made_by(binary: pathlib.Path, *arguments: str) -> bytes:
    """Returns what the binary writes about itself."""
    return subprocess.run([binary, *arguments], check=True, capture_output=True, stdin=subprocess.DEVNULL).stdout


def contents(binary: pathlib.Path, platform: str) -> tuple[str, dict[str, tuple[bytes, int]]]:
    """Returns the wheel's name, and its files with their modes."""
    project = tomllib.loads((ROOT / "python" / "pyproject.toml").read_text())["project"]
    version = project["version"]
    said = re.match(rb"xent (\S+)", made_by(binary, "--version"))
    if said is None or said.group(1).decode() != version:
        sys.exit(f"pack_wheel.py: {binary} is not xent {version}, which the package is of; build it anew")
    data, info, tag = f"xent-{version}.data", f"xent-{version}.dist-info", f"py3-none-{platform}"
    files: dict[str, tuple[bytes, int]] = {}
    for path in sorted((ROOT / "python" / "src").rglob("*")):
        if path.suffix in (".py", ".typed"):
            files[path.relative_to(ROOT / "python" / "src").as_posix()] = (path.read_bytes(), 0o644)
    share = f"{data}/data/share"
    files[f"{data}/scripts/xent"] = (binary.read_bytes(), 0o755)
    files[f"{share}/man/man1/xent.1"] = (made_by(binary, "--generate-manual"), 0o644)
    for shell, name in (
        ("bash", "bash-completion/completions/xent"),
        ("fish", "fish/vendor_completions.d/xent.fish"),
        ("zsh", "zsh/site-functions/_xent"),
    ):
        files[f"{share}/{name}"] = (made_by(binary, "--generate-completion-script", shell), 0o644)
    files[f"{info}/METADATA"] = (metadata(project).encode(), 0o644)
    wheel = "Wheel-Version: 1.0\nGenerator: xent\nRoot-Is-Purelib: false\n" + "".join(f"Tag: py3-none-{one}\n" for one in platform.split("."))
    files[f"{info}/WHEEL"] = (wheel.encode(), 0o644)
    files[f"{info}/licenses/LICENSE"] = ((ROOT / "LICENSE").read_bytes(), 0o644)
    record = "".join(f"{name},sha256={digest(content)},{len(content)}\n" for name, (content, _) in files.items()) + f"{info}/RECORD,,\n"
    files[f"{info}/RECORD"] = (record.encode(), 0o644)
    return f"xent-{version}-{tag}.whl", files


def digest(content: bytes) -> str:
    """Returns a digest as a RECORD has it."""
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=pathlib.Path, required=True)
    parser.add_argument("--platform", required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    options = parser.parse_args()
    name, files = contents(options.binary.resolve(), options.platform)
    options.output.mkdir(parents=True, exist_ok=True)
    unfinished = options.output / f".{name}.{os.getpid()}.unfinished"
    try:
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for path, (content, mode) in files.items():
                member = zipfile.ZipInfo(path, EARLIEST)
                # Of Unix, whatever this runs on.
                member.create_system = 3
                member.external_attr = (0o100000 | mode) << 16
                member.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(member, content)
        unfinished.replace(options.output / name)
    finally:
        unfinished.unlink(missing_ok=True)
    print(options.output / name)


if __name__ == "__main__":
    main()
