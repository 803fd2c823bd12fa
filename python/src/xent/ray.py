"""Evaluates the shards of a plan on Ray, a task a shard.

Example:
    >>> import xent, xent.ray
    >>> plan = xent.plan("s3://dumps/logits.npy.zst", "s3://dumps/labels.npy", task="multiclass", input="logits", shards=64)
    >>> xent.ray.evaluate(plan, num_cpus=4).mean
    0.06950040696274576

The workers need this package, with the command, and the files of the plan under the same names (or ``root``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List

from ._errors import FaultOfOurs, InputOutput, KilledBySignal, TryAgain, XentError
from ._plan import Plan
from ._report import Report
from ._shards import Outcome, check_options, outcome_of_shard, partials_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._plan import ShardOptions

__all__ = ["evaluate", "partials"]


def evaluate(plan: Plan, *, num_cpus: int = 1, max_retries: int = 3, **options: "Unpack[ShardOptions]") -> Report:
    """Evaluates all shards of a plan on Ray, and returns the report of the whole, the same as that of a single run.

    Args:
        plan: The plan, of :func:`xent.plan`.
        num_cpus: The cores of a task, which is the number of its threads as well, unless ``threads`` says otherwise.
        max_retries: How often a task is repeated whose worker died, or which failed for a reason that may pass.
        options: Those of :meth:`xent.Plan.evaluate_shard`.

    Raises:
        XentError: A shard failed. Bad usage, bad data and inputs that cannot be opened are not tried again.
    """
    return plan.merge(partials(plan, num_cpus=num_cpus, max_retries=max_retries, **options))


def partials(plan: Plan, *, num_cpus: int = 1, max_retries: int = 3, **options: "Unpack[ShardOptions]") -> List[bytes]:
    """Returns the partials of all shards in their order. The parameters and exceptions are those of :func:`evaluate`."""
    import ray

    given: Dict[str, Any] = {"threads": num_cpus, **options}
    check_options(given, "xent.ray.evaluate()")
    task = ray.remote(
        num_cpus=num_cpus, max_retries=max_retries, retry_exceptions=[FaultOfOurs, InputOutput, TryAgain, KilledBySignal]
    )(outcome_of_shard)
    text = ray.put(plan.to_json())
    waiting = [task.remote(text, shard, given) for shard in range(plan.shard_count)]
    outcomes: List[Outcome] = []
    try:
        while waiting:
            done, waiting = ray.wait(waiting)
            outcomes += ray.get(done)
            # One failed shard is the end of all: the rest need not be scored.
            partials_of(outcomes)
    except ray.exceptions.RayTaskError as error:
        # What was raised in the task, in the place of Ray's words about it.
        cause = getattr(error, "cause", None)
        raise cause if isinstance(cause, XentError) else error
    finally:
        for one in waiting:
            ray.cancel(one, force=True)
    return partials_of(outcomes)
