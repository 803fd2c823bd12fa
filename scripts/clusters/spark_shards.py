"""The shards of a plan on Spark, on a cluster of two executors: a partition a shard. Spark tries a task again whose worker dies."""

import os
import pathlib
import time

from pyspark import SparkContext
from pyspark.conf import SparkConf
from shards import arguments, evaluate, finish

xent, plan, count, folder = arguments()
begin = time.monotonic()
os.environ["PYTHONPATH"] = str(pathlib.Path(__file__).parent)
settings = SparkConf().setMaster("local-cluster[2,1,600]").setAppName("xent").set("spark.ui.enabled", "false")
settings.set("spark.executorEnv.PYTHONPATH", os.environ["PYTHONPATH"]).set("spark.executor.memory", "500m").set("spark.task.maxFailures", "4")
context = SparkContext(conf=settings)
context.setLogLevel("OFF")
context.parallelize(range(4), 4).map(lambda number: number).collect()
start = time.monotonic() - begin
begin = time.monotonic()
context.parallelize(range(50), 50).map(lambda number: number).collect()
empty = (time.monotonic() - begin) / 50
begin = time.monotonic()
partials = context.parallelize(range(count), count).map(lambda number: evaluate(xent, plan, number, folder)).collect()
finish(partials, folder, start=start, empty_task=empty, shards=time.monotonic() - begin)
context.stop()
