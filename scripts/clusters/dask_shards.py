"""The shards of a plan on Dask: a task a shard. A worker that dies is started again, and its task is tried again."""

import time

import xent.dask
from distributed import Client, LocalCluster
from shards import arguments, finish


def nothing(number: int) -> int:
    return number


if __name__ == "__main__":
    plan, folder = arguments()
    begin = time.monotonic()
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster, Client(cluster) as client:
        client.gather(client.map(nothing, range(4), pure=False))
        start = time.monotonic() - begin
        begin = time.monotonic()
        client.gather(client.map(nothing, range(200), pure=False))
        empty = (time.monotonic() - begin) / 200
        begin = time.monotonic()
        partials = xent.dask.partials(plan, client, threads=1)
        finish(partials, folder, start=start, empty_task=empty, shards=time.monotonic() - begin)
