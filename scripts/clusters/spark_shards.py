"""The shards of a plan on Spark, on a cluster of two executors: a partition a shard. Spark tries a task again whose worker dies."""

import os
import time

import xent.spark
from pyspark import SparkContext
from pyspark.conf import SparkConf
from shards import arguments, finish

plan, folder = arguments()
begin = time.monotonic()
settings = SparkConf().setMaster("local-cluster[2,1,600]").setAppName("xent").set("spark.ui.enabled", "false")
for name in ("PYTHONPATH", "XENT_BINARY", "XENT_COMMAND", "XENT_FOLDER"):
    settings.set("spark.executorEnv." + name, os.environ[name])
settings.set("spark.executor.memory", "500m").set("spark.task.maxFailures", "4")
context = SparkContext(conf=settings)
context.setLogLevel("OFF")
context.parallelize(range(4), 4).map(lambda number: number).collect()
start = time.monotonic() - begin
begin = time.monotonic()
context.parallelize(range(50), 50).map(lambda number: number).collect()
empty = (time.monotonic() - begin) / 50
begin = time.monotonic()
partials = xent.spark.partials(plan, context)
finish(partials, folder, start=start, empty_task=empty, shards=time.monotonic() - begin)
context.stop()
