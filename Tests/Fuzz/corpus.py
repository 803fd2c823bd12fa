#!/usr/bin/env python3
"""The kept corpus of the fuzz targets: Tests/FuzzTests/Fixtures/corpus/TARGET.txt, an input a line, in base64, the smallest first.

  Tests/Fuzz/corpus.py unpack TARGET FOLDER    writes each kept input to a file of the folder
  Tests/Fuzz/corpus.py pack TARGET FOLDER      keeps the files of the folder, in place of what was kept; of many a sample of 20 kB
  Tests/Fuzz/corpus.py stream TARGET           writes the kept inputs to standard output, each behind its length in four bytes
"""

import base64
import hashlib
import os
import struct
import sys

KEPT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "FuzzTests", "Fixtures", "corpus")

# The most bytes that a target's file has, so that all together stay below 200 kB.
LIMIT = 20000


def kept(target):
    path = os.path.join(KEPT, target + ".txt")
    if not os.path.exists(path):
        return []
    with open(path) as file:
        return [base64.b64decode(line) for line in file]


def main():
    if len(sys.argv) not in (3, 4) or (sys.argv[1] == "stream") != (len(sys.argv) == 3):
        print(__doc__.strip(), file=sys.stderr)
        return 64
    action, target = sys.argv[1:3]
    if action == "stream":
        for text in kept(target):
            sys.stdout.buffer.write(struct.pack("<I", len(text)) + text)
    elif action == "unpack":
        for text in kept(target):
            with open(os.path.join(sys.argv[3], hashlib.sha1(text).hexdigest()), "wb") as file:
                file.write(text)
    elif action == "pack":
        texts = set()
        for name in os.listdir(sys.argv[3]):
            with open(os.path.join(sys.argv[3], name), "rb") as file:
                texts.add(file.read())
        # A sample where there are more than have room, always the same one.
        room, chosen = LIMIT, []
        for text in sorted(texts, key=lambda text: hashlib.sha1(text).digest()):
            byte_count = len(base64.b64encode(text)) + 1
            if byte_count <= room:
                chosen.append(text)
                room -= byte_count
        os.makedirs(KEPT, exist_ok=True)
        with open(os.path.join(KEPT, target + ".txt"), "w") as file:
            for text in sorted(chosen, key=lambda text: (len(text), text)):
                file.write(base64.b64encode(text).decode() + "\n")
    else:
        print(__doc__.strip(), file=sys.stderr)
        return 64
    return 0


if __name__ == "__main__":
    sys.exit(main())
