#!/usr/bin/env python3
"""Holds xent's command line against an oracle on random dumps: tasks, inputs, formats, framings, modifiers, dialects, threads, kernels,
weights, shards and their merge, standard input, losses a row.

  scripts/fuzz-command-line.py [--minutes M] [--seed N] [--xent BINARY] [--keep FOLDER]
  scripts/fuzz-command-line.py --replay

  --minutes M     for how long; 10 where it is not said
  --seed N        the first trial's; those after it count on. Without, the time's, which is printed
  --trials K      so many trials, and not a time
  --jobs J        so many at once; the processors where it is not said
  --xent BINARY   .build/release/xent where it is not said
  --keep FOLDER   where trials that failed are kept; Tests/Fuzz/CommandLine/Corpus where it is not said
  --replay        run what is kept, and no random trials
  --refusals      also print which combinations were refused

A trial that fails is kept with its seed, its command, its files and the truth, and is replayed by scripts/test.sh from then on. Needs
Python, zstd's library, and no packages. Exit status: 0 all is well; 1 something is not; 64 bad usage; 66 there is no such binary.
"""

import argparse
import collections
import multiprocessing
import os
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HARNESS = os.path.join(ROOT, "Tests", "Fuzz", "CommandLine")
sys.path.insert(0, HARNESS)
sys.dont_write_bytecode = True

import judging  # noqa: E402
import trials  # noqa: E402


def kernels_of(xent):
    """The kernels that this machine has."""
    folder = os.path.join(ROOT, "scripts", "demo")
    command = ["eval", "cancer.probabilities.npy", "--labels", "cancer.labels.npy", "--task", "binary", "--input", "probabilities", "--quiet"]
    found = [kernel for kernel in ("baseline", "avx2", "avx512", "neon") if judging.run(xent, command + ["--kernel", kernel], folder)[0] == 0]
    if not found:
        sys.exit("fuzz-command-line: %s does not evaluate the demo data" % xent)
    return ["auto"] + found


def try_seed(task):
    """(seed, kind, detail): of kind "well", "refused", "fault" or "broken", which is a fault of the harness itself."""
    seed, xent, kernels, keep = task
    try:
        trial = trials.make_trial(seed, kernels)
        faults, step = judging.judge(trial, xent)
    except judging.Refused as refusal:
        return seed, "refused", str(refusal)
    except Exception as error:  # Anything: a harness that stops is one that does not test.
        return seed, "broken", repr(error)
    if not faults:
        return seed, "well", trial.steps[0]["arguments"]
    path = judging.store(trial, faults, step, keep)
    return seed, "fault", "%s\n    xent %s\n    kept as %s" % ("; ".join(faults), " ".join(step["arguments"]), path)


def fuzz(options, xent):
    kernels = kernels_of(xent)
    print("fuzz-command-line: seed %d, kernels %s" % (options.seed, ", ".join(kernels)))
    end = time.monotonic() + 60 * options.minutes
    counts, refusals = collections.Counter(), collections.Counter()

    def tasks():
        seed = options.seed
        while (seed < options.seed + options.trials) if options.trials else (time.monotonic() < end):
            yield seed, xent, kernels, options.keep
            seed += 1

    with multiprocessing.Pool(options.jobs) as pool:
        for seed, kind, detail in bounded(pool, tasks(), 8 * options.jobs):
            counts[kind] += 1
            if kind == "refused":
                refusals[detail] += 1
            elif kind != "well":
                print("seed %d: %s: %s" % (seed, "FAILED" if kind == "fault" else "the harness failed", detail), flush=True)
    if options.refusals:
        for text, count in refusals.most_common():
            print("  refused %d times: %s" % (count, text))
    print("fuzz-command-line: %d trials are as the oracle says, %d were refused, %d failed" % (
        counts["well"], counts["refused"], counts["fault"] + counts["broken"]))
    if counts["well"] == 0 or counts["refused"] > counts["well"]:
        print("fuzz-command-line: FAILED: too few trials tested anything")
        return 1
    return 1 if counts["fault"] or counts["broken"] else 0


def bounded(pool, tasks, limit):
    """The results of tasks, of which no more than `limit` are begun at once, so that the time decides when they end."""
    waiting = collections.deque()
    for task in tasks:
        waiting.append(pool.apply_async(try_seed, (task,)))
        if len(waiting) >= limit:
            yield waiting.popleft().get()
    while waiting:
        yield waiting.popleft().get()


def replay(options, xent):
    paths = sorted(os.path.join(options.keep, name) for name in os.listdir(options.keep)) if os.path.isdir(options.keep) else []
    failures = 0
    for path in [path for path in paths if path.endswith(".json")]:
        try:
            faults, step = judging.judge(judging.restore(path), xent)
        except judging.Refused as refusal:
            faults, step = ["refused: %s" % refusal], None
        print("  %s: %s" % ("FAILED" if faults else "ok", os.path.basename(path)))
        for fault in faults:
            print("    %s" % fault)
        failures += bool(faults)
    print("fuzz-command-line: %d kept trials were run, %d failed" % (len(paths), failures))
    return 1 if failures else 0


def main():
    parser = argparse.ArgumentParser(usage=__doc__, add_help=False)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--trials", type=int)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--xent", default=os.path.join(ROOT, ".build", "release", "xent"))
    parser.add_argument("--keep", default=os.path.join(HARNESS, "Corpus"))
    parser.add_argument("--replay", action="store_true")
    parser.add_argument("--refusals", action="store_true")
    parser.add_argument("-h", "--help", action="store_true")
    parser.error = lambda problem: (print("fuzz-command-line: %s" % problem, file=sys.stderr), sys.exit(64))
    options = parser.parse_args()
    if options.help:
        print(__doc__.strip())
        return 0
    xent = os.path.abspath(options.xent)
    if not os.access(xent, os.X_OK):
        print("fuzz-command-line: %s is no program; build it with: swift build -c release --product xent" % xent, file=sys.stderr)
        return 66
    return replay(options, xent) if options.replay else fuzz(options, xent)


if __name__ == "__main__":
    sys.exit(main())
