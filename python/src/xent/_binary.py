"""Finding the command that the package runs."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import threading
import warnings
from typing import Dict, List, Tuple

from ._errors import BinaryNotFound, XentWarning
from ._version import __version__

_NAME = "xent"
_checked: Dict[Tuple[str, int], str] = {}
_lock = threading.Lock()


def binary() -> str:
    """Returns the path of the command ``xent`` that the package runs.

    It is the first of: the file that the environment variable ``XENT_BINARY`` names; the one in a folder of scripts of this Python
    environment, where the wheel puts it; the one in ``PATH``. A command of another version than the package's draws a warning.

    Raises:
        BinaryNotFound: There is none, or ``XENT_BINARY`` names no executable file.

    Example:
        >>> xent.binary()
        '/home/me/.venv/bin/xent'
    """
    path = _find()
    _check_version(path)
    return path


def has_option(command: str, option: str) -> bool:
    """Returns whether a command of the binary has an option. Asks a binary once a process."""
    return re.search(rf"^ +(-\w, )?{re.escape(option)}\b".encode(), _help(binary(), command), flags=re.MULTILINE) is not None


@functools.lru_cache(maxsize=None)
def _help(path: str, command: str) -> bytes:
    return subprocess.run([path, command, "--help"], stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False).stdout


def _find() -> str:
    named = os.environ.get("XENT_BINARY")
    if named:
        if _is_executable(named):
            return os.path.abspath(named)
        raise BinaryNotFound(f"XENT_BINARY is {named}, which is not an executable file; correct it, or unset it")
    looked_in: List[str] = []
    for folder in _script_folders():
        path = os.path.join(folder, _NAME)
        if _is_executable(path):
            return path
        looked_in.append(folder)
    found = shutil.which(_NAME)
    if found:
        return os.path.abspath(found)
    raise BinaryNotFound(
        f"the command {_NAME} was not found in {', '.join(looked_in)} or in PATH; install the wheel with the command in it "
        "(pip install xent), or name the command in the environment variable XENT_BINARY"
    )


def _script_folders() -> List[str]:
    """Returns the folders in which installers put scripts: of the environment, of the user, and of ``pip install --target``."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    folders = [
        sysconfig.get_path("scripts"),
        os.path.dirname(os.path.abspath(sys.executable)) if sys.executable else "",
        sysconfig.get_path("scripts", "posix_user" if os.name == "posix" else "nt_user"),
        os.path.join(package, "bin"),
    ]
    return list(dict.fromkeys(folder for folder in folders if folder))


def _is_executable(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)


def _check_version(path: str) -> None:
    """Warns once of a command of another version. Asks the command once a process and file."""
    key = (path, os.stat(path).st_mtime_ns)
    with _lock:
        if key in _checked:
            return
        _checked[key] = version_of(path)
    if _checked[key] != __version__:
        warnings.warn(
            f"{path} is version {_checked[key]}, and the Python package is {__version__}: options and reports may differ; "
            "install both from one wheel, or unset XENT_BINARY",
            XentWarning,
            stacklevel=4,
        )


def version_of(path: str) -> str:
    """Returns the version that a command says.

    Raises:
        BinaryNotFound: The file cannot be run, or is not xent.
    """
    try:
        result = subprocess.run([path, "--version"], stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BinaryNotFound(f"{path} cannot be run: {error}; is it made for this machine?") from error
    found = re.match(rb"xent ([0-9A-Za-z.+-]+)\s", result.stdout)
    if result.returncode != 0 or found is None:
        said = result.stderr.decode(errors="replace").strip().splitlines()
        raise BinaryNotFound(
            f"{path} --version ended with status {result.returncode}" + (f": {said[0]}" if said else "") + "; is it xent, for this machine?"
        )
    return found.group(1).decode()
