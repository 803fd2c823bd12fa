"""Evaluates the shards of a plan on Dask, a task a shard.

Example:
    >>> import xent, xent.dask
    >>> from dask.distributed import Client
    >>> plan = xent.plan("logits.npy.zst", "labels.npy", task="multiclass", input="logits", shards=64)
    >>> with Client() as client:
    ...     xent.dask.evaluate(plan, client).mean
    0.06950040696274576

The workers need this package, with the command, and the files of the plan under the same names (or ``root``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Optional

from ._plan import Plan
from ._report import Report
from ._shards import Outcome, check_options, outcome_of_shard, partials_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._plan import ShardOptions

__all__ = ["evaluate", "partials"]


def evaluate(plan: Plan, client: Optional[Any] = None, *, retries: int = 3, **options: "Unpack[ShardOptions]") -> Report:
    """Evaluates all shards of a plan on Dask, and returns the report of the whole, the same as that of a single run.

    Args:
        plan: The plan, of :func:`xent.plan`.
        client: A ``dask.distributed.Client``; by default the current one.
        retries: How often a task is repeated that failed for a reason that may pass.
        options: Those of :meth:`xent.Plan.evaluate_shard`; ``threads`` is 1 by default, since Dask runs a task a core.

    Raises:
        XentError: A shard failed. Bad usage, bad data and inputs that cannot be opened are not tried again.
    """
    return plan.merge(partials(plan, client, retries=retries, **options))


def partials(plan: Plan, client: Optional[Any] = None, *, retries: int = 3, **options: "Unpack[ShardOptions]") -> List[bytes]:
    """Returns the partials of all shards in their order. The parameters and exceptions are those of :func:`evaluate`."""
    from dask.distributed import as_completed, get_client

    given: Dict[str, Any] = {"threads": 1, **options}
    check_options(given, "xent.dask.evaluate()")
    if client is None:
        client = get_client()
    text = plan.to_json()
    # Not pure: the same plan may be evaluated again, of files that have changed since.
    futures = client.map(lambda shard: outcome_of_shard(text, shard, given), range(plan.shard_count), pure=False, retries=retries)
    outcomes: List[Outcome] = []
    try:
        for future in as_completed(futures):
            outcomes.append(future.result())
            # One failed shard is the end of all: the rest need not be scored.
            partials_of(outcomes)
    finally:
        client.cancel([future for future in futures if not future.done()])
    return partials_of(outcomes)
