"""The shards of a plan on Ray: a task a shard. Tasks of workers that die are tried again, and so are those that another try may mend."""

import time

import ray
import xent.ray
from shards import arguments, finish

plan, folder = arguments()
begin = time.monotonic()
ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)


@ray.remote(num_cpus=1)
def nothing() -> None:
    pass


ray.get([nothing.remote() for _ in range(4)])
start = time.monotonic() - begin
begin = time.monotonic()
ray.get([nothing.remote() for _ in range(200)])
empty = (time.monotonic() - begin) / 200
begin = time.monotonic()
partials = xent.ray.partials(plan)
finish(partials, folder, start=start, empty_task=empty, shards=time.monotonic() - begin)
