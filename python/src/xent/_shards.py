"""What the engines share: a task a shard, whose partial comes back through the engine.

Engines repeat a task that raises. Some errors do not change by that: bad usage, bad data and inputs that cannot be opened. A task returns
such an error as its result, so that it is never tried again, and raises all others.
"""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Mapping, Tuple, Union

from ._binary import has_option
from ._errors import XentError, is_worth_another_try
from ._options import check_names
from ._plan import _RUN_NAMES, Plan

Outcome = Tuple[int, Union[bytes, XentError]]
"""The number of a shard, and its partial, or the error that another try would meet as well."""


def outcome_of_shard(plan: str, shard: int, options: Mapping[str, Any]) -> Outcome:
    """Evaluates a shard on a worker. It is what an engine's task calls.

    Args:
        plan: The plan as JSON.
        shard: The number of the shard.
        options: Those of :meth:`xent.Plan.evaluate_shard`.

    Raises:
        XentError: An error that another try may not meet.
    """
    given: Dict[str, Any] = dict(options)
    # Some engines let the children of a dead worker live on.
    if given.get("exit_with_parent") is None and has_option("eval", "--exit-with-parent"):
        given["exit_with_parent"] = True
    try:
        return shard, Plan(plan).evaluate_shard(shard, **given)
    except XentError as error:
        if is_worth_another_try(error):
            raise
        return shard, error


def check_options(options: Mapping[str, Any], function: str) -> None:
    """Raises for options that :meth:`xent.Plan.evaluate_shard` does not have, before anything is sent to a worker.

    Raises:
        BadUsage: There is no such option.
    """
    check_names(options, _RUN_NAMES, function)


def partials_of(outcomes: Iterable[Outcome]) -> List[bytes]:
    """Returns the partials of all shards in their order.

    Raises:
        XentError: The error of the shard with the least number that has one; its message names the shard.
    """
    partials: List[bytes] = []
    for shard, outcome in sorted(outcomes, key=lambda found: found[0]):
        if isinstance(outcome, XentError):
            raise type(outcome)(f"shard {shard}: {outcome.message}", outcome.report)
        partials.append(outcome)
    return partials
