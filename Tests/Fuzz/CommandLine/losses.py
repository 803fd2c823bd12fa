"""The loss of a row from its definition, in 90 decimal digits, with nothing shared with what it judges.

The sources of each dialect are named in Tests/Oracle/LossOracle.swift, which judges the library; this one judges the command line, so that
a fuzzer needs neither a build nor a package beyond Python's own.
"""

import decimal
import math
import struct
from dataclasses import dataclass, field
from decimal import Decimal

decimal.setcontext(decimal.Context(prec=90, Emin=-999999, Emax=999999, traps=[decimal.InvalidOperation, decimal.DivisionByZero]))

ZERO, ONE, INFINITE = Decimal(0), Decimal(1), Decimal("Infinity")

KERAS_LOW, KERAS_HIGH = Decimal(1e-7), Decimal(1.0 - 1e-7)


def log1p(x):
    """log(1 + x), also where x is tiny: below 1e-30 four terms of the series are good for 90 digits beside the first."""
    if abs(x) < Decimal("1e-30"):
        return x - x * x / 2 + x * x * x / 3 - x * x * x * x / 4
    return (ONE + x).ln()


def exp(x):
    """e^x; 0 far below what any Float64 can be told from."""
    return ZERO if x < -20000 else x.exp()


def one_minus_exp(x):
    """1 - e^x for x <= 0."""
    if -x < Decimal("1e-30"):
        return -(x + x * x / 2 + x * x * x / 6)
    return ONE - exp(x)


def minus_log(p):
    return -p.ln() if p > 0 else INFINITE


def minus_log_of_complement(p):
    return -log1p(-p) if p < 1 else INFINITE


def clamp(value, low, high):
    """The value moved into the bounds, and whether that changed it."""
    if value < low:
        return low, True
    if high is not None and value > high:
        return high, True
    return value, False


def times(factor, loss):
    """factor · loss, in which nothing of an infinite loss is nothing."""
    return ZERO if factor == 0 else factor * loss


def float32(x):
    return struct.unpack("<f", struct.pack("<f", x))[0]


@dataclass
class Loss:
    """Which loss: the names are those of the command line's options."""

    task: str
    input: str
    dialect: str = "exact"
    type_epsilon: float = 2.0**-52
    class_weights: list = None
    pos_weight: list = None
    label_smoothing: float = 0.0
    ignore_index: int = None
    clip: float = None
    renormalize: bool = False
    focal_gamma: float = None
    focal_alpha: float = None
    divergence: str = "ce"

    @property
    def is_keras(self):
        return self.dialect.startswith("keras")

    @property
    def is_sklearn(self):
        return self.dialect.startswith("sklearn")

    @property
    def floor(self):
        """Under which XGBoost, LightGBM and H2O let no probability fall, and the loss there."""
        if self.dialect == "h2o":
            return Decimal(1e-15), minus_log(Decimal(1e-15))
        if self.dialect not in ("xgboost", "lightgbm"):
            return None
        low = float32(1e-16 if self.dialect == "xgboost" else 1e-15)
        return Decimal(low), Decimal(float32(float(minus_log(Decimal(low)))))

    @property
    def spark_epsilon(self):
        return (self.clip if self.clip is not None else 1e-15) if self.dialect == "spark" else None

    def spark_losses(self, p):
        epsilon = self.spark_epsilon
        if epsilon is None:
            return None
        large, small = minus_log(Decimal(epsilon)), minus_log_of_complement(Decimal(epsilon))
        if p < Decimal(epsilon):
            return large, small
        return (small, large) if p > Decimal(1 - epsilon) else None

    def is_scorable(self, p):
        return p >= 0 and (p <= 1 or self.is_keras or self.renormalize)

    def smoothed(self, target, outcome_count):
        epsilon = Decimal(self.label_smoothing)
        return (ONE - epsilon) * Decimal(target) + epsilon / outcome_count

    def focal_factor(self, base):
        gamma = Decimal(self.focal_gamma)
        if gamma == 0:
            return ONE
        if base == 0:
            return ZERO
        power = exp(gamma * abs(base).ln())
        if base > 0:
            return power
        if self.focal_gamma != round(self.focal_gamma):
            return None
        return power if self.focal_gamma % 2 == 0 else -power

    @property
    def divides_by_weights(self):
        if self.dialect == "pytorch":
            return self.task == "multiclass"
        return not self.is_keras

    @property
    def mean_of_nothing_is_zero(self):
        return self.is_keras or self.dialect == "catboost" or (self.dialect == "xgboost" and self.task == "binary")

    def row(self, values, labels, weight=1.0):
        """"ignored", "invalid" or a Scored. `labels` is a list: one, one a class, or none."""
        ignored = self.ignore_index
        if self.task == "multiclass":
            if ignored is None and self.dialect == "pytorch":
                ignored = -100
            if ignored is not None and labels[0] == ignored:
                return "ignored"
        if not (weight >= 0 and weight < math.inf):
            return "invalid"
        if self.task in ("multiclass", "soft"):
            scored = self._classes(values, labels)
        else:
            scored = self._decisions(values, [1] if self.task == "likelihood" else labels)
        if scored is None:
            return "invalid"
        weight = Decimal(weight)
        return Scored(times(weight, scored.loss), times(weight, scored.magnitude), scored.weight * weight, scored.correct)

    # Classes that exclude one another -------------------------------------------------------------------------------------

    def _classes(self, values, labels):
        if self.task == "multiclass":
            label = labels[0]
            if label != label or label != int(label) or not 0 <= label < len(values):
                return None
            targets = [1 if c == label else 0 for c in range(len(values))]
        else:
            if not all(0 <= label <= 1 for label in labels):
                return None
            targets = labels
        if any(value != value for value in values):
            return None
        if self.divergence == "kl" and self.is_keras:
            counts = [clamp(Decimal(t), KERAS_LOW, ONE)[0] for t in targets]
        else:
            counts = [self.smoothed(t, len(values)) for t in targets]
        if self.input == "logits":
            predictions = self._of_logits(values)
        elif self.input == "probabilities":
            predictions = self._of_probabilities(values)
        else:
            predictions = self._of_log_probabilities(values)
        if predictions is None:
            return None
        loss = magnitude = ZERO
        for c, count in enumerate(counts):
            if count == 0:
                continue
            of_class, complement = predictions[c]
            if of_class is None:
                return None
            factor = count * Decimal(self.class_weights[c] if self.class_weights else 1)
            if factor == 0:
                continue
            if self.divergence == "kl":
                logarithm = count.ln()
                loss += factor * (of_class + logarithm)
                magnitude += factor * (of_class + abs(logarithm))
                continue
            term = factor * of_class
            if self.focal_gamma is not None:
                focal = self.focal_factor(complement)
                if focal is None:
                    return None
                term = times(focal * Decimal(1 if self.focal_alpha is None else self.focal_alpha), term)
            loss += term
            magnitude += abs(term)
        weight = ONE
        if self.class_weights:
            weight = sum((Decimal(t) * Decimal(w) for t, w in zip(targets, self.class_weights)), ZERO)
        first_of_largest = lambda numbers: numbers.index(max(numbers))
        return Scored(loss, magnitude, weight, int(first_of_largest(values) == first_of_largest(targets)))

    def _of_log_probabilities(self, values):
        if math.inf in values:
            return None
        result = []
        for x in values:
            if x > 0:
                result.append((None, ZERO))
            elif x == -math.inf:
                result.append((INFINITE, ONE))
            else:
                result.append((-Decimal(x), one_minus_exp(Decimal(x))))
        return result

    def _of_logits(self, values):
        largest = max(values)
        if largest == -math.inf:
            return None
        clips = self.is_keras and self.focal_gamma is not None
        impossible = (minus_log(KERAS_LOW), ONE - KERAS_LOW) if clips else (INFINITE, ONE)
        if largest == math.inf:
            return [(None, ZERO) if x == math.inf else impossible for x in values]
        position, largest = values.index(largest), Decimal(largest)
        odds = [ZERO if x == -math.inf else exp(Decimal(x) - largest) for x in values]
        others = sum(odds[:position] + odds[position + 1 :], ZERO)
        tail, total = log1p(others), ONE + others
        result = []
        for c, x in enumerate(values):
            if x == -math.inf:
                result.append(impossible)
                continue
            loss = largest - Decimal(x) + tail
            complement = sum(odds[:c] + odds[c + 1 :], ZERO) / total
            if clips:
                q, is_clipped = clamp(odds[c] / total, KERAS_LOW, KERAS_HIGH)
                if is_clipped:
                    loss, complement = minus_log(q), ONE - q
            result.append((loss, complement))
        return result

    def _of_probabilities(self, values):
        if not all(math.isfinite(x) for x in values):
            return None
        given = [Decimal(x) for x in values]
        first, last, bounds = self.renormalize, False, None
        if self.dialect == "exact":
            if self.clip is not None:
                bounds = Decimal(self.clip), Decimal(1 - self.clip)
        elif self.dialect == "spark":
            bounds = Decimal(self.spark_epsilon), Decimal(1 - self.spark_epsilon)
        elif self.is_keras:
            if self.divergence == "kl":
                bounds = KERAS_LOW, ONE
            else:
                bounds = KERAS_LOW, KERAS_HIGH
                last = self.dialect == "keras-tensorflow" and self.task == "multiclass"
                first = not last
        elif self.is_sklearn:
            bounds = Decimal(self.type_epsilon), Decimal(1 - self.type_epsilon)
            last = self.dialect == "sklearn-1.4"
        elif self.floor:
            bounds = self.floor[0], None
        total = sum(given, ZERO)
        if first and total == 0:
            return [(None, ZERO) for _ in values]
        clipped = [None] * len(values)
        if bounds:
            for c, p in enumerate(given):
                q, is_clipped = clamp(p / total if first else p, *bounds)
                if is_clipped:
                    clipped[c] = q
        parts = [q if q is not None else p for q, p in zip(clipped, given)] if last else given
        result = []
        for c, p in enumerate(given):
            if not self.is_scorable(values[c]):
                result.append((None, ZERO))
                continue
            if last or (first and clipped[c] is None):
                others = sum(parts[:c] + parts[c + 1 :], ZERO)
                loss = log1p(others / parts[c]) if parts[c] > 0 else INFINITE
                result.append((loss, others / (others + parts[c]) if others + parts[c] != 0 else ZERO))
                continue
            q = p if clipped[c] is None else clipped[c]
            loss = None
            if clipped[c] is not None:
                ends = self.spark_losses(p)
                loss = self.floor[1] if self.floor else ends[0] if ends else None
            result.append((minus_log(q) if loss is None else loss, ONE - q))
        return result

    # Independent decisions ------------------------------------------------------------------------------------------------

    def _decisions(self, values, labels):
        loss = magnitude = ZERO
        correct = 0
        for column, (value, label) in enumerate(zip(values, labels)):
            if not 0 <= label <= 1:
                return None
            decision = self._decision(value)
            if decision is None:
                return None
            of_one, of_zero, p, complement, says_one = decision
            target = self.smoothed(label, 2)
            other = ONE - target
            positive = ONE
            if self.pos_weight:
                positive = Decimal(self.pos_weight[0] if len(self.pos_weight) == 1 else self.pos_weight[column])
            weight_of_zero = weight_of_one = ONE
            if self.class_weights:
                pair = self.class_weights if self.task == "binary" else [self.class_weights[column]] * 2
                weight_of_zero, weight_of_one = Decimal(pair[0]), Decimal(pair[1])
            term = times(target * weight_of_one * positive, of_one) + times(other * weight_of_zero, of_zero)
            if self.focal_gamma is not None:
                factor = self.focal_factor(target * complement + other * p)
                if factor is None:
                    return None
                balance = ONE
                if self.focal_alpha is not None:
                    alpha = Decimal(self.focal_alpha)
                    balance = target * alpha + other * (ONE - alpha)
                term = times(factor * balance, term)
            loss += term
            magnitude += abs(term)
            correct += says_one == (label > 0.5)
        weight = ONE
        if self.class_weights:
            if self.task == "binary":
                weight = (ONE - Decimal(labels[0])) * Decimal(self.class_weights[0]) + Decimal(labels[0]) * Decimal(self.class_weights[1])
            else:
                weight = sum((Decimal(w) for w in self.class_weights), ZERO) / len(self.class_weights)
        return Scored(loss / len(values), magnitude / len(values), weight, correct)

    def _decision(self, x):
        """-log p, -log (1 - p), p, 1 - p, and whether 1 is the likelier outcome; None where there is no loss."""
        if x != x:
            return None
        if self.input == "logits":
            if math.isinf(x):
                found = (ZERO, INFINITE, ONE, ZERO, True) if x > 0 else (INFINITE, ZERO, ZERO, ONE, False)
            else:
                size = exp(-abs(Decimal(x)))
                tail, likelier = log1p(size), ONE / (ONE + size)
                p, complement = (likelier, size * likelier) if x > 0 else (size * likelier, likelier)
                found = (max(-Decimal(x), ZERO) + tail, max(Decimal(x), ZERO) + tail, p, complement, x > 0)
            if self.is_keras and self.focal_gamma is not None:
                q, is_clipped = clamp(found[2], KERAS_LOW, KERAS_HIGH)
                if is_clipped:
                    found = (minus_log(q), minus_log_of_complement(q)) + found[2:]
            return found
        if self.input == "log-probabilities":
            if x > 0:
                return None
            if x == -math.inf:
                return INFINITE, ZERO, ZERO, ONE, False
            x = Decimal(x)
            p, complement = exp(x), one_minus_exp(x)
            of_zero = minus_log_of_complement(p) if x < -1 else minus_log(complement)
            return -x, of_zero, p, complement, p > Decimal("0.5")
        if not self.is_scorable(x) or x == math.inf:
            return None
        p, says_one = Decimal(x), x > 0.5
        complement = ONE - p
        if self.is_sklearn:
            bounds = Decimal(self.type_epsilon), Decimal(1 - self.type_epsilon)
            first, second = clamp(complement, *bounds)[0], clamp(p, *bounds)[0]
            total = first + second if self.dialect == "sklearn-1.4" else ONE
            return minus_log(second / total), minus_log(first / total), second / total, first / total, says_one
        if self.is_keras or (self.clip is not None and self.dialect == "exact"):
            low, high = (KERAS_LOW, KERAS_HIGH) if self.is_keras else (Decimal(self.clip), Decimal(1 - self.clip))
            q = clamp(p, low, high)[0]
            scored = (p, complement) if self.is_keras else (q, ONE - q)
            return (minus_log(q), minus_log_of_complement(q)) + scored + (says_one,)
        if self.dialect == "spark":
            ends = self.spark_losses(p) or (minus_log(p), minus_log_of_complement(p))
            return ends + (p, complement, says_one)
        if self.floor:
            low, at_floor = self.floor
            return at_floor if p < low else minus_log(p), at_floor if complement < low else minus_log_of_complement(p), p, complement, says_one
        of_one, of_zero = minus_log(p), minus_log_of_complement(p)
        if self.dialect == "pytorch" and self.task != "likelihood":
            of_one, of_zero = min(of_one, Decimal(100)), min(of_zero, Decimal(100))
        return of_one, of_zero, p, complement, says_one


@dataclass
class Scored:
    """A row's loss with its weights, the sum of its terms' magnitudes, what it adds to the weights, and its right predictions."""

    loss: Decimal
    magnitude: Decimal
    weight: Decimal
    correct: int


@dataclass
class Total:
    """The rows of a dump together."""

    loss: Loss
    rows: list = field(default_factory=list)

    @property
    def scored(self):
        return [row for row in self.rows if isinstance(row, Scored)]

    def count(self, kind):
        return sum(1 for row in self.rows if row == kind)

    @property
    def mean(self):
        """The mean and the sum of the magnitudes over the same divisor; None for NaN."""
        scored = self.scored
        weight = sum((row.weight for row in scored), ZERO)
        divisor = weight if self.loss.divides_by_weights else Decimal(len(scored))
        total, magnitude = sum((row.loss for row in scored), ZERO), sum((row.magnitude for row in scored), ZERO)
        if divisor == 0:
            if self.loss.mean_of_nothing_is_zero:
                return ZERO, ZERO
            return None if total == 0 else (INFINITE, INFINITE)
        return total / divisor, magnitude / divisor

    @property
    def ulps(self):
        """The bound of a row's loss in units of the last place."""
        return 4 + 2 * (self.loss.focal_gamma or 0)


def is_close(found, true, magnitude, ulps):
    """Whether a Float64 is within so many ULP of the true value, the ULP being that of the magnitude of its terms."""
    if true.is_infinite():
        return found == float(true)
    if not math.isfinite(found):
        # Beyond the largest Float64.
        return abs(true) > Decimal("1.797e308") and found == math.copysign(math.inf, true)
    unit = Decimal(math.ulp(min(float(magnitude), 1.7e308)))
    # A loss below the normal numbers is rounded to one of few before weights of up to 1,000 · 3 multiply it.
    slack = Decimal("1e-316") if magnitude < Decimal("1e-307") else ZERO
    return abs(Decimal(found) - true) <= Decimal(ulps) * unit + slack
