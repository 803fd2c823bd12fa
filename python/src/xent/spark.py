"""Evaluates the shards of a plan on Spark, a task a shard.

Example:
    >>> import xent, xent.spark
    >>> plan = xent.plan("s3://dumps/logits.npy.zst", "s3://dumps/labels.npy", task="multiclass", input="logits", shards=64)
    >>> xent.spark.evaluate(plan, spark).mean
    0.06950040696274576

The executors need this package, with the command, and the files of the plan under the same names (or ``root``). Spark repeats a task
``spark.task.maxFailures`` times; a local master without such a number (``local[2]``, not ``local[2,4]``) repeats none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional

from ._errors import BadUsage
from ._plan import Plan
from ._report import Report
from ._shards import Outcome, check_options, outcome_of_shard, partials_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._plan import ShardOptions

__all__ = ["evaluate", "partials"]


def evaluate(plan: Plan, session: Optional[Any] = None, **options: "Unpack[ShardOptions]") -> Report:
    """Evaluates all shards of a plan on Spark, and returns the report of the whole, the same as that of a single run.

    Args:
        plan: The plan, of :func:`xent.plan`.
        session: A ``SparkSession`` or a ``SparkContext``; by default the active session.
        options: Those of :meth:`xent.Plan.evaluate_shard`; ``threads`` is ``spark.task.cpus`` by default.

    Raises:
        XentError: A shard failed. Bad usage, bad data and inputs that cannot be opened are not tried again.
    """
    return plan.merge(partials(plan, session, **options))


def partials(plan: Plan, session: Optional[Any] = None, **options: "Unpack[ShardOptions]") -> List[bytes]:
    """Returns the partials of all shards in their order. The parameters and exceptions are those of :func:`evaluate`."""
    if session is None:
        from pyspark.sql import SparkSession

        session = SparkSession.getActiveSession()
        if session is None:
            raise BadUsage("there is no active Spark session; pass one, or call SparkSession.builder.getOrCreate() first")
    context = getattr(session, "sparkContext", session)
    given: Dict[str, Any] = {"threads": int(context.getConf().get("spark.task.cpus", "1")), **options}
    check_options(given, "xent.spark.evaluate()")
    text = plan.to_json()

    def score(shards: Iterator[int]) -> Iterator[Outcome]:
        for shard in shards:
            yield outcome_of_shard(text, shard, given)

    count = plan.shard_count
    return partials_of(context.parallelize(range(count), count).mapPartitions(score).collect())
