"""The statistics of a comparison over seeds: plain Python, and the same numbers each time."""

import math
import random


def quantile(values, q):
    values = sorted(values)
    at = q * (len(values) - 1)
    low = math.floor(at)
    return values[low] + (at - low) * (values[min(low + 1, len(values) - 1)] - values[low])


def interquartile_mean(values):
    """Mean of the middle half; where the ends of that half cut a value, its share of it."""
    values, n = sorted(values), len(values)
    weights = [max(0.0, min(i + 1, 0.75 * n) - max(i, 0.25 * n)) for i in range(n)]
    return sum(w * v for w, v in zip(weights, values)) / sum(weights)


def bootstrap(groups, statistic, resamples=1000, seed=0):
    """95 % band of `statistic` over seeds that are drawn anew within each group (a task)."""
    draw = random.Random(seed)
    found = [statistic([draw.choices(group, k=len(group)) for group in groups]) for _ in range(resamples)]
    return quantile(found, 0.025), quantile(found, 0.975)


def ranks(values):
    """1 = smallest; ties share the mean of their ranks."""
    order = sorted(range(len(values)), key=lambda i: values[i])
    found, i = [0.0] * len(values), 0
    while i < len(order):
        j = i
        while j < len(order) and values[order[j]] == values[order[i]]:
            j += 1
        for k in range(i, j):
            found[order[k]] = (i + j + 1) / 2
        i = j
    return found


def wilcoxon(a, b):
    """Two-sided p of the signed-rank test of paired values: the normal approximation, with corrections for ties and
    continuity; pairs without a difference are left out."""
    differences = [x - y for x, y in zip(a, b) if x != y]
    n = len(differences)
    if n == 0:
        return 1.0
    sizes = ranks([abs(d) for d in differences])
    plus = sum(r for r, d in zip(sizes, differences) if d > 0)
    variance = n * (n + 1) * (2 * n + 1) / 24
    for size in set(sizes):
        ties = sizes.count(size)
        variance -= (ties**3 - ties) / 48
    z = max(0.0, abs(plus - n * (n + 1) / 4) - 0.5) / math.sqrt(variance)
    return min(1.0, math.erfc(z / math.sqrt(2)))


def holm(ps):
    """Adjusted p of several comparisons."""
    order = sorted(range(len(ps)), key=lambda i: ps[i])
    adjusted, largest = [0.0] * len(ps), 0.0
    for k, i in enumerate(order):
        largest = max(largest, (len(ps) - k) * ps[i])
        adjusted[i] = min(1.0, largest)
    return adjusted
