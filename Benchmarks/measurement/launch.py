"""Runs a command and says, as a line of JSON after the command's own output, how long it took and the most memory that it held.

It is a process of its own and small, since a child's `ru_maxrss` begins with what its parent held: what is reported is never below
this program's own (under 10 MB).
"""

import json
import os
import sys
import time

start = time.perf_counter()
process = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(process, 0)
seconds = time.perf_counter() - start
unit = 1 if sys.platform == "darwin" else 1024
print(json.dumps({"status": os.waitstatus_to_exitcode(status), "seconds": seconds, "peak_bytes": usage.ru_maxrss * unit,
                  "processor_seconds": usage.ru_utime + usage.ru_stime}))
