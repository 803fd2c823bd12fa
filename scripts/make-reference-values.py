#!/usr/bin/env python3
"""Reference values for the tests' own arithmetic (Tests/Oracle), from mpmath.

    python3 scripts/make-reference-values.py       needs mpmath (pip install mpmath; gmpy2 makes it faster)

Writes Tests/OracleTests/Fixtures/reference.json, the same bytes each time. The formulas are the textbook's, in so many bits
that no arrangement is needed to keep digits. An input is a hexadecimal Float64; a truth is [S, E, D]: S * 2^E with S a
hexadecimal integer of at most 240 bits, and D the correctly rounded Float64, in hexadecimal.

    exp, log, log1p, negativeLog, negativeLogOfComplement      [x, S, E, D]
    binaryFromLogit                                            [x, label, S, E, D]
    softmaxCrossEntropy                                        {"logits": [x, ...], "label": y, "truth": [S, E, D]}
"""

import json
import math
import pathlib
import random

from mpmath import exp, fsum, log, mp, mpf

SEED = 20250611
MANTISSA_BITS = 240
WORKING_BITS = 3000  # 1 + 2^-1074 is exact, and its logarithm still has 1,900 bits

SMALLEST = 5e-324
SMALLEST_NORMAL = 2.0**-1022
LARGEST = float.fromhex("0x1.fffffffffffffp+1023")


# --- truths ---------------------------------------------------------------------------------------------------------


def parts(value):
    """The mpf as integers: value = mantissa * 2^exponent, exactly."""
    mantissa, exponent = value.man_exp  # of the absolute value
    return -int(mantissa) if value < 0 else int(mantissa), int(exponent)


def nearest_double(mantissa, exponent):
    """Correctly rounded, ties to even: Python's division of integers is, through subnormals to zero."""
    top = abs(mantissa).bit_length() + exponent
    infinity = -math.inf if mantissa < 0 else math.inf
    if mantissa == 0 or top < -1100:
        return 0.0
    if top > 1100:
        return infinity
    try:
        return mantissa * 2**exponent / 1 if exponent >= 0 else mantissa / 2**-exponent
    except OverflowError:
        return infinity


def truth(value):
    mantissa, exponent = parts(value)
    rounded = nearest_double(mantissa, exponent)
    excess = abs(mantissa).bit_length() - MANTISSA_BITS
    if excess > 0:
        sign = -1 if mantissa < 0 else 1
        mantissa = sign * ((abs(mantissa) + (1 << (excess - 1))) >> excess)
        exponent += excess
    return [f"{mantissa:x}", exponent, rounded.hex()]


def exact_exp(x):
    return exp(mpf(x))


def exact_log(x):
    return log(mpf(x))


def exact_log1p(x):
    return log(1 + mpf(x))


def softmax_cross_entropy(logits, label):
    finite = [x for x in logits if x != -math.inf]
    # Enough bits to tell 1 + exp(-spread) from 1, unless that is hopeless: then the truth rounds to the same value without.
    spread = max(finite) - min(finite)
    extra = int(spread * 1.5) if spread < 2e4 else 0
    with mp.workprec(WORKING_BITS + extra):
        return log(fsum(exp(mpf(x)) for x in finite)) - mpf(logits[label])


def binary_cross_entropy(x, label):
    return mpf(label) * log(1 + exp(-mpf(x))) + (1 - mpf(label)) * log(1 + exp(mpf(x)))


# --- arguments ------------------------------------------------------------------------------------------------------


def neighbours(x, count=1):
    result = [x]
    for direction in (-math.inf, math.inf):
        y = x
        for _ in range(count):
            y = math.nextafter(y, direction)
            result.append(y)
    return result


def log_uniform(rng, low_power, high_power):
    return rng.uniform(1, 2) * 2.0 ** rng.randint(low_power, high_power)


def subnormal(rng):
    return rng.getrandbits(rng.randint(1, 52)) * SMALLEST or SMALLEST


def hard_to_round(rng, function, draw, count):
    """Arguments whose values lie next to a Float64 or next to the middle of two, the nearest of many."""

    def distance(x):
        with mp.workprec(150):
            mantissa, _ = parts(function(x))
        mantissa = abs(mantissa)
        below = mantissa.bit_length() - 54  # bits below the first that decides the rounding
        tail = mantissa & ((1 << below) - 1)
        return min(tail, (1 << below) - tail) / (1 << below)

    return sorted((draw() for _ in range(count * 400)), key=distance)[:count]


def exp_arguments(rng):
    result = [0.0, 1.0, -1.0, 1e4, -1e4, 1e15, -1e15, 700.0, -700.0, 1e-300, -1e-300]
    for magnitude in (SMALLEST, SMALLEST_NORMAL, 2.0**-54, 2.0**-53, 2.0**-52, 2.0**-30, 2.0**-16):
        result += [magnitude, -magnitude]
    ln2 = math.log(2)
    for x in (ln2, -ln2, ln2 / 2, -ln2 / 2, 100 * ln2):
        result += neighbours(x)
    # Overflow, smallest normal, smallest subnormal, zero.
    for x in (1024 * ln2, -1022 * ln2, -1074 * ln2, -1075 * ln2):
        result += neighbours(x, 2)
    # The hardest of all Float64 to round: Lefèvre and Muller, "Worst cases for correct rounding of the elementary functions in
    # double precision", 2001.
    result += [float.fromhex(x) for x in ("0x1.9e9cbbfd6080bp-31", "-0x1.ed318efb627eap-27", "0x1.83d4bcdebb3f4p+2")]
    result += hard_to_round(rng, exact_exp, lambda: rng.uniform(-700, 700), 10)
    result += hard_to_round(rng, exact_exp, lambda: rng.uniform(-1, 1), 10)
    result += [rng.uniform(-708, 709.7) for _ in range(50)]
    result += [rng.uniform(-745.2, -708) for _ in range(25)]
    result += [rng.choice((-1, 1)) * log_uniform(rng, -60, 8) for _ in range(40)]
    result += [rng.choice((-1, 1)) * log_uniform(rng, -1022, -60) for _ in range(5)]
    result += [rng.choice((-1, 1)) * log_uniform(rng, 10, 50) for _ in range(15)]
    return result


def log_arguments(rng):
    result = [SMALLEST, 3 * SMALLEST, SMALLEST_NORMAL, LARGEST, 0.5, 2.0, 10.0, 1e-300, 1e300, math.e]
    result += neighbours(1.0, 3) + neighbours(SMALLEST_NORMAL) + neighbours(math.sqrt(2)) + neighbours(math.sqrt(0.5))
    for power in (-40, -30, -21, -20, -19, -11, -10, -9, -4):  # the oracle changes its way at 2^-10
        result += [1 + 2.0**power, 1 - 2.0**power]
    result += [float.fromhex(x) for x in ("0x1.62a88613629b6p+678", "0x1.ac50b409c8aeep+8")]  # Lefèvre and Muller again
    result += hard_to_round(rng, exact_log, lambda: log_uniform(rng, -1022, 1023), 10)
    result += hard_to_round(rng, exact_log, lambda: rng.uniform(0.5, 2), 10)
    result += [log_uniform(rng, -1022, 1023) for _ in range(40)]
    result += [rng.uniform(0.5, 2) for _ in range(40)]
    result += [1 + rng.choice((-1, 1)) * log_uniform(rng, -52, -2) for _ in range(40)]
    result += [subnormal(rng) for _ in range(15)]
    return [x for x in result if x != 1.0] + [1.0]


def log1p_arguments(rng):
    result = [0.0, -0.5, 1.0, LARGEST, 1e300, 1e16, 2.0**53, 2.0**54, 1e-300, -1e-300]
    for magnitude in (SMALLEST, SMALLEST_NORMAL, 2.0**-200, 2.0**-54, 2.0**-53, 2.0**-52, 2.0**-27, 2.0**-11, 2.0**-10, 2.0**-9):
        result += [magnitude, -magnitude]
    result += [-1 + 2.0**-53, -1 + 2.0**-52, -1 + 2.0**-30]
    result += neighbours(math.sqrt(2) - 1) + neighbours(math.sqrt(0.5) - 1)
    result += hard_to_round(rng, lambda x: log(1 + mpf(x)), lambda: rng.uniform(-0.5, 1), 10)
    result += [rng.choice((-1, 1)) * log_uniform(rng, -60, -1) for _ in range(60)]
    result += [rng.uniform(-1, 3) for _ in range(30)]
    result += [log_uniform(rng, 1, 1023) for _ in range(20)]
    result += [rng.choice((-1, 1)) * log_uniform(rng, -1022, -60) for _ in range(10)]
    result += [rng.choice((-1, 1)) * subnormal(rng) for _ in range(10)]
    return result


def probability_arguments(rng):
    result = [0.5, 1e-7, 1 - 1e-7, 1e-300, SMALLEST, SMALLEST_NORMAL, 1 - 2.0**-53, 2.0**-53]
    result += [rng.random() for _ in range(8)] + [log_uniform(rng, -900, -1) / 2 for _ in range(8)]
    return result


def binary_arguments(rng):
    result = []
    for x in (0.0, 1e-300, 0.5, 1.0, 36.7, 40.0, 700.0, 745.0, 746.0, 1e4):
        result += [(x, 0.0), (x, 1.0), (-x, 0.0), (-x, 1.0)]
    result += [(rng.gauss(0, 5), float(rng.randint(0, 1))) for _ in range(15)]
    result += [(rng.gauss(0, 5), rng.random()) for _ in range(15)]
    result += [(800.0, 0.1), (-800.0, 0.9), (800.0, 1 - 2.0**-53), (30.0, 1e-300), (-30.0, 1e-300)]
    return result


def softmax_arguments(rng):
    infinity = math.inf
    rows = [
        ([3.5], 0),
        ([0.0, 0.0], 1),
        ([0.0, -46.0517018598809], 0),  # loss 1e-20
        ([-46.0517018598809, 0.0], 0),
        ([0.0, -690.775527898214], 0),  # loss 1e-300
        ([-690.775527898214, 0.0], 0),
        ([0.0, -740.0], 0),  # subnormal loss
        ([0.0, -746.0], 0),  # rounds to zero
        ([0.0, -1e4], 0),
        ([100.0, 53.9482981401191, 53.0], 0),
        ([1.0, 1.0, 1.0], 2),
        ([0.0, -2.0**-53, 2.0**-60], 1),
        ([-infinity, 2.0, -infinity, 1.0], 1),
        ([-infinity, 2.0], 1),
        ([1e30, -1e30], 0),
        ([1e30, -1e30], 1),
        ([1e30, 1e30, -1e30], 1),
        ([1e30, 0.0, -1e30], 1),
        ([-1e30, -1e30, -1e30], 0),
        ([LARGEST / 2, -LARGEST / 2, 0.0], 1),
        # The difference of the logits is the middle between two Float64, the lower of them even; e^-800 rounds it up.
        ([800.0, -(2.0**-44)], 1),
    ]
    rows += [([rng.gauss(0, 5) for _ in range(n)], rng.randrange(n)) for n in (2, 2, 3, 3, 5, 10)]
    hundred = [rng.gauss(0, 3) for _ in range(100)]
    rows += [(hundred, 0), (hundred, hundred.index(max(hundred)))]
    confident = [rng.gauss(0, 1) for _ in range(100)]
    confident[17] = 60.0
    rows += [(confident, 17), (confident, 18)]
    very_confident = [rng.uniform(-700, -690) for _ in range(100)]
    very_confident[99] = 0.0
    rows += [(very_confident, 99)]
    return rows


# --- the file -------------------------------------------------------------------------------------------------------


def main():
    mp.prec = WORKING_BITS
    rng = random.Random(SEED)
    tables = {}
    for name, function, arguments in (
        ("exp", exact_exp, exp_arguments(rng)),
        ("log", exact_log, log_arguments(rng)),
        ("log1p", exact_log1p, log1p_arguments(rng)),
        ("negativeLog", lambda p: -log(mpf(p)), probability_arguments(rng)),
        ("negativeLogOfComplement", lambda p: -log(1 - mpf(p)), probability_arguments(rng)),
    ):
        tables[name] = [[x.hex(), *truth(function(x))] for x in arguments]
    tables["binaryFromLogit"] = []
    for x, label in binary_arguments(rng):
        with mp.workprec(WORKING_BITS + int(abs(x) * 1.5)):  # 1 + exp(-|x|) keeps WORKING_BITS of its second term
            tables["binaryFromLogit"].append([x.hex(), label.hex(), *truth(binary_cross_entropy(x, label))])
    tables["softmaxCrossEntropy"] = [
        {"logits": [x.hex() for x in logits], "label": label, "truth": truth(softmax_cross_entropy(logits, label))}
        for logits, label in softmax_arguments(rng)
    ]
    blocks = [f'"{name}": [\n' + ",\n".join(json.dumps(row) for row in rows) + "\n]" for name, rows in tables.items()]
    target = pathlib.Path(__file__).resolve().parent.parent / "Tests/OracleTests/Fixtures/reference.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("{\n" + ",\n".join(blocks) + "\n}\n")
    counts = ", ".join(f"{len(rows)} {name}" for name, rows in tables.items())
    print(f"{target.name}: {target.stat().st_size} bytes: {counts}")


if __name__ == "__main__":
    main()
