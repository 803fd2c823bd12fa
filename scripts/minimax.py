#!/usr/bin/env python3
"""Minimax polynomials for the kernels' exp and log, with coefficients that are Float64.

    python3 scripts/minimax.py [exp|eighths|log|logcosh]...        needs mpmath (pip install mpmath; gmpy2 makes it faster)

    exp   |r| <= ln 2 / 2 * 1.0001:                exp(r)     = 1 + r + r^2 P(r)
    eighths  |r| <= ln 2 / 16 * 1.0001:            the same, and the table of c 2^(i/8) with its errors
    log   |r| <= 0.0612:                           log(1 + r) = r - r^2 / 2 + r^3 R(r), and the tables of c and -log c with their errors
    logcosh  |x| <= 1:                             log cosh(x / 2) = x^2 L(x^2)

The polynomial makes the largest relative error of the whole right-hand side smallest (Remez exchange, Cheney,
"Introduction to Approximation Theory", 1966, chapter 3). Coefficients are then rounded to Float64 one by one from the
lowest power, and after each rounding the remaining ones are fitted anew, so that they make good what the rounding cost.
The errors printed are those of the approximation with the rounded coefficients evaluated exactly: the rounding errors
of a Float64 evaluation come on top.
"""

import struct
import sys

from mpmath import cos, cosh, exp, log, log1p, lu_solve, matrix, mp, mpf, pi, sqrt

mp.prec = 240
GRID_INTERVALS = 4000  # the true maximum is above the grid's by less than (pi * degree / GRID_INTERVALS)^2 / 2 of itself


class Problem:
    """Fit of `weight(x) * (target(x) - Σ c_k x^k)`, which is the relative error, on a fixed grid without x = 0."""

    def __init__(self, low, high, target, weight):
        middle, half = (low + high) / 2, (high - low) / 2
        nodes = [middle - half * cos(pi * i / GRID_INTERVALS) for i in range(GRID_INTERVALS + 1)]
        self.points = [x for x in nodes if abs(x) > half * mpf(10) ** -9]
        self.weights = [weight(x) for x in self.points]
        self.targets = [target(x) for x in self.points]

    def errors(self, coefficients):
        result = []
        for x, weight, target in zip(self.points, self.weights, self.targets):
            value = mpf(0)
            for c in reversed(coefficients):
                value = value * x + c
            result.append(weight * (target - value))
        return result

    def worst(self, coefficients):
        return max(abs(e) for e in self.errors(coefficients))

    def remez(self, fixed, degree):
        """The best coefficients of powers len(fixed)...degree, given those of the lower powers."""
        first, count = len(fixed), degree + 1 - len(fixed)
        # The free part is x^first times a polynomial: its error alternates apart from the sign of x^first.
        signs = [-1 if x < 0 and first % 2 == 1 else 1 for x in self.points]
        last = len(self.points) - 1
        reference = [round(last * (1 - cos(pi * i / count)) / 2) for i in range(count + 1)]
        reference = sorted(set(reference))
        best, best_error = None, None
        for _ in range(60):
            system, right = matrix(count + 1), matrix(count + 1, 1)
            for row, i in enumerate(reference):
                x, known = self.points[i], mpf(0)
                for c in reversed(fixed):
                    known = known * x + c
                for j in range(count):
                    system[row, j] = x ** (first + j)
                system[row, count] = signs[i] * (-1) ** row / self.weights[i]
                right[row] = self.targets[i] - known
            solution = lu_solve(system, right)
            coefficients = list(fixed) + [solution[j] for j in range(count)]
            level = abs(solution[count])
            errors = self.errors(coefficients)
            worst = max(abs(e) for e in errors)
            if best is None or worst < best_error:
                best, best_error = coefficients, worst
            if worst <= level * (1 + mpf(10) ** -6):
                break
            exchanged = self.exchange([e * s for e, s in zip(errors, signs)], count + 1)
            if exchanged is None or exchanged == reference:
                break
            reference = exchanged
        return best

    @staticmethod
    def exchange(errors, wanted):
        """Indices of `wanted` extrema of alternating sign, the largest among them; None where there are fewer."""
        extrema = []
        for i, e in enumerate(errors):
            if extrema and (errors[extrema[-1]] > 0) == (e > 0):
                if abs(e) > abs(errors[extrema[-1]]):
                    extrema[-1] = i
            else:
                extrema.append(i)
        if len(extrema) < wanted:
            return None
        while len(extrema) > wanted:
            smallest = min(range(len(extrema)), key=lambda k: abs(errors[extrema[k]]))
            if smallest in (0, len(extrema) - 1):
                del extrema[smallest]
            elif len(extrema) == wanted + 1:  # an interior one can leave only with a neighbour: drop an end instead
                ends = (0, len(extrema) - 1)
                del extrema[min(ends, key=lambda k: abs(errors[extrema[k]]))]
            else:
                neighbour = min((smallest - 1, smallest + 1), key=lambda k: abs(errors[extrema[k]]))
                for k in sorted((smallest, neighbour), reverse=True):
                    del extrema[k]
        return extrema


def fit(name, problem, degree):
    unrounded = problem.remez([], degree)
    fixed = []
    while len(fixed) <= degree:
        free = problem.remez(fixed, degree)
        fixed.append(mpf(float(free[len(fixed)])))  # float() of an mpf rounds to nearest even
    unit = mpf(2) ** 53
    ideal, achieved = problem.worst(unrounded) * unit, problem.worst(fixed) * unit
    print(f"{name}, degree {degree}: largest relative error {float(achieved):.6f} * 2^-53"
          f" = 2^{float(log(achieved / unit, 2)):.2f} ({float(ideal):.6f} * 2^-53 before rounding)")
    for power, c in enumerate(fixed):
        value = float(c)
        print(f"    c{power:<2} {value.hex():>26}   {value!r}")
    print(flush=True)


def exp_problem(parts):
    bound = log(2) / parts * mpf("1.0001")
    return Problem(-bound, bound, lambda r: (exp(r) - 1 - r) / r**2, lambda r: r**2 / exp(r))


# Of c = 1 + j 2^-52 the one whose eight products with 2^(i/8) lie nearest to Float64 numbers, for j up to 2^36: fractional parts of j
# 2^(i/8) in 64-bit integers, a minute in C.
POWER_FACTOR_STEPS = 5410646734


def print_eighths():
    c = 1 + mpf(POWER_FACTOR_STEPS) / 2**52
    print(f"c = {float(c).hex()}, log c = {float(log(c)).hex()}")
    for i in range(8):
        power = c * mpf(2) ** (mpf(i) / 8)
        (bits,) = struct.unpack("<Q", struct.pack("<d", float(power)))
        # What the index's three bits add to the significand is taken off: xentPowerOfEighths adds the index to the exponent field.
        print(f"    {i}  0x{bits - (i << 49):016X}   error {float((float(power) / power - 1) * 2**53):+.4f} * 2^-53")
    print(flush=True)


def log_problem():
    bound = mpf("0.0612")
    return Problem(-bound, bound, lambda r: (log1p(r) - r + r**2 / 2) / r**3, lambda r: r**3 / log1p(r))


def fit_log(degree):
    """R, whose coefficients count so little that they are rounded all at once."""
    problem = log_problem()
    unrounded = problem.remez([], degree)
    coefficients = [mpf(float(c)) for c in unrounded]
    unit = mpf(2) ** 53
    print(f"log: R(r), degree {degree}: largest relative error {float(problem.worst(coefficients) * unit):.6f} * 2^-53"
          f" ({float(problem.worst(unrounded) * unit):.6f} * 2^-53 before rounding)")
    for power, c in enumerate(coefficients):
        print(f"    c{power:<2} {float(c).hex():>26}   {float(c)!r}")
    print(flush=True)


def logcosh_problem():
    return Problem(mpf(0), mpf(1), lambda u: log(cosh(sqrt(u) / 2)) / u, lambda u: u / log(cosh(sqrt(u) / 2)))


# Reciprocals of 29 bits: of a million about each interval's middle the one whose logarithm is nearest to a multiple of 2^-42, found in
# C by logarithms of 113 bits. The intervals of the first are cut where the encoding's bits 49 to 51 change, counted from
# 0x3FE6E4DD00000000; those of 1 + e where 1.0703125 + 0.9287109375 e, rounded once, comes to a multiple of 1/8.
RECIPROCALS = ("0x1.562931fp+0 0x1.3d1321cp+0 0x1.2516cb2p+0 0x1.1273eebp+0 0x1p+0 0x1.c9e9468p-1 0x1.9b26af6p-1 0x1.7739fb4p-1").split()
UNIT_RECIPROCALS = ("0x1p+0 0x1.c72ea8cp-1 0x1.977ed04p-1 0x1.7041d9ap-1 0x1.4e18c66p-1 0x1.33c6c02p-1 0x1.1c5a216p-1 0x1.07abe04p-1").split()


def encoding(x):
    return struct.unpack("<Q", struct.pack("<d", x))[0]


def print_reciprocals(name, reciprocals, bounds):
    print(f"{name}: c, -log c, its error, and the interval of r")
    for c, (low, high) in zip((float.fromhex(c) for c in reciprocals), bounds):
        exact = -log(mpf(c))
        rounded = float(mpf(round(exact * 2**42)) / 2**42)
        error = abs(mpf(rounded) - exact)
        told = f"2^{float(log(error, 2)):.1f}" if error else "0"
        print(f"    0x{encoding(c):016X} 0x{encoding(rounded):016X}  {told:>8}  {c * low - 1:+.5f} {c * high - 1:+.5f}")
    print(flush=True)


def print_logarithm_tables():
    start = 0x3FE6E4DD00000000
    ends = [struct.unpack("<d", struct.pack("<Q", start + (i << 49)))[0] for i in range(9)]
    print_reciprocals("numbers", RECIPROCALS, list(zip(ends, ends[1:])))
    ends = [max(1.0, 1 + (1 + i / 8 - 1.0703125) / 0.9287109375) for i in range(9)]
    print_reciprocals("1 + e", UNIT_RECIPROCALS, list(zip(ends, ends[1:])))


def main():
    asked = sys.argv[1:] or ["exp", "eighths", "log", "logcosh"]
    for name in asked:
        if name == "exp":
            problem = exp_problem(2)
            for degree in (8, 9):
                fit("exp: P(r)", problem, degree)
        elif name == "eighths":
            fit("exp of eighths: P(r)", exp_problem(16), 5)
            print_eighths()
        elif name == "log":
            for degree in (7, 8):
                fit_log(degree)
            print_logarithm_tables()
        elif name == "logcosh":
            fit("log cosh(x / 2): L(u)", logcosh_problem(), 9)
        else:
            sys.exit(f"minimax.py: {name}: not a function that is fitted here; ask for exp, eighths, log or logcosh")


if __name__ == "__main__":
    main()
