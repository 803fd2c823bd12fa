"""Carries objects to one run of the command: through pipes that are written while it scores, and through memory."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import threading
from typing import Dict, List, Optional, Sequence, Union

from ._arrays import DESCRIPTORS, Source, write_all

_PIPE_BYTES = 4 << 20
"""The size from which an object goes through a pipe. A copy of a smaller one is made sooner than a thread that writes it."""

_PIPE_BUFFER_BYTES = 1 << 20
_F_SETPIPE_SZ = 1031


class Transfer:
    """The descriptors that one run of the command inherits, and what is written to them.

    Attributes:
        descriptors: Those that the command inherits.
        byte_count: The size of what is streamed to it, in bytes.
        uses_stdin: Whether an input is ``-``, the standard input of this process.
    """

    def __init__(self) -> None:
        self.descriptors: List[int] = []
        self.byte_count = 0
        self.uses_stdin = False
        self._names: Dict[int, str] = {}
        self._streams: List["tuple[Source, int]"] = []
        self._threads: List[threading.Thread] = []
        self._folders: List["tempfile.TemporaryDirectory[str]"] = []
        self._failure: Optional[BaseException] = None

    def __enter__(self) -> "Transfer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def place(self, source: Union[str, Source], name: str, is_read_twice: bool = False) -> str:
        """Returns the name of a file under which the command finds a source.

        Args:
            source: The name of a file, which is returned as it is, or bytes.
            name: What messages call the source.
            is_read_twice: Whether the command opens the file more than once, as a pipe cannot be.
        """
        if isinstance(source, str):
            self.uses_stdin = self.uses_stdin or source == "-"
            return source
        if source.byte_count < _PIPE_BYTES or is_read_twice or not source.is_readable_once:
            return self._memory(source, name)
        self.byte_count += source.byte_count
        reader, writer = os.pipe()
        if sys.platform == "linux":
            import fcntl

            try:
                fcntl.fcntl(writer, _F_SETPIPE_SZ, _PIPE_BUFFER_BYTES)
            except OSError:
                # The system's limit for this user is reached; the usual size does as well.
                pass
        self._streams.append((source, writer))
        return self._inherited(reader, name)

    def place_all(self, sources: Sequence[Union[str, Source]], name: str, is_read_twice: bool = False) -> List[str]:
        """Returns names for several sources, which messages number if there are more than one."""
        if len(sources) == 1:
            return [self.place(sources[0], name, is_read_twice)]
        return [self.place(source, f"{name}[{place}]", is_read_twice) for place, source in enumerate(sources)]

    def place_bytes(self, data: bytes, name: str) -> str:
        """Returns the name of a file that holds these bytes, which can be read from anywhere."""
        return self._memory(_Bytes(data), name)

    def place_partials(self, partials: Sequence[Union[str, bytes]]) -> List[str]:
        """Returns words of a command line that name partials: files, or the bytes of some."""
        if len(partials) > 256 or sum(isinstance(partial, bytes) for partial in partials) > 32:
            # A process may have only so many files open, and a command line so many bytes.
            folder = tempfile.TemporaryDirectory(prefix="xent-")
            self._folders.append(folder)
            names = []
            for place, partial in enumerate(partials):
                if isinstance(partial, bytes):
                    name = os.path.join(folder.name, f"{place}.partial")
                    with open(name, "wb") as file:
                        file.write(partial)
                    partial = name
                names.append(partial)
            if all("\n" not in name for name in names):
                return ["@" + self.place_bytes("".join(f"{name}\n" for name in names).encode("utf-8", "surrogateescape"), "partials")]
            return names
        return [
            self.place_bytes(partial, f"partials[{place}]") if isinstance(partial, bytes) else partial
            for place, partial in enumerate(partials)
        ]

    def start(self) -> None:
        """Starts to write, when the command has begun. Each pipe has a thread of its own, since the command reads some side by side."""
        for descriptor in self.descriptors:
            os.close(descriptor)
        self.descriptors = []
        streams, self._streams = self._streams, []
        for source, writer in streams:
            thread = threading.Thread(target=self._write, args=(source, writer), name="xent-input", daemon=True)
            self._threads.append(thread)
            thread.start()

    def finish(self) -> None:
        """Waits until all is written, or nobody reads, and raises what a thread failed with."""
        for thread in self._threads:
            thread.join()
        if self._failure is not None:
            raise self._failure

    @property
    def has_failed(self) -> bool:
        """Whether an object could not be turned into bytes."""
        return self._failure is not None

    def close(self) -> None:
        """Closes what was not passed on, and removes temporary files."""
        for descriptor in self.descriptors + [writer for _, writer in self._streams]:
            os.close(descriptor)
        self.descriptors, self._streams = [], []
        for folder in self._folders:
            folder.cleanup()
        self._folders = []

    def translate(self, text: str) -> str:
        """Returns a message in which objects are called by their names, in the place of the descriptors that the command knows."""

        def name(found: "re.Match[str]") -> str:
            return self._names.get(int(found.group(1)), found.group(0))

        text = re.sub(DESCRIPTORS.replace("/", r"\\?/") + r"\\?/(\d+)", name, text)
        for folder in self._folders:
            text = re.sub(re.escape(folder.name) + r"/(\d+)\.partial", r"partials[\1]", text)
        return text

    # The command opens a descriptor anew, by its name.

    def _inherited(self, descriptor: int, name: str) -> str:
        self.descriptors.append(descriptor)
        self._names[descriptor] = name
        return f"{DESCRIPTORS}/{descriptor}"

    def _memory(self, source: Source, name: str) -> str:
        if hasattr(os, "memfd_create"):
            descriptor = os.memfd_create(f"xent-{name}")
        else:
            descriptor, path = tempfile.mkstemp(prefix="xent-")
            os.unlink(path)
        try:
            source.write(descriptor)
            os.lseek(descriptor, 0, os.SEEK_SET)
        except BaseException:
            os.close(descriptor)
            raise
        return self._inherited(descriptor, name)

    def _write(self, source: Source, writer: int) -> None:
        try:
            source.write(writer)
        except BrokenPipeError:
            # The command has ended, or needs no more: what it says of that is what counts.
            pass
        except BaseException as error:  # noqa: B902: it is raised again where the caller waits.
            self._failure = self._failure or error
        finally:
            os.close(writer)


class _Bytes(Source):
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.byte_count = len(data)

    def write(self, descriptor: int) -> None:
        write_all(descriptor, self._data)


