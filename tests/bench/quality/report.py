"""Tables and plots of results.csv, written into docs/quality.md between its two marks."""

import csv
import os
import statistics

from plot import plot
from problems import METHODS, PROBLEMS, ROOT
from seed_statistics import bootstrap, holm, interquartile_mean, ranks, wilcoxon

TITLES = {"lcbench": "LCBench, 12 tasks", "mf_hartmann6-default": "MF-Hartmann 6, default fidelities",
          "mf_hartmann6-moderate": "MF-Hartmann 6, moderate fidelities",
          "mf_hartmann6-terrible": "MF-Hartmann 6, terrible fidelities", "ordered": "Curves that never cross",
          "crossing": "Curves that cross", "noisy": "Noisy curves"}

SEEN = {0, 1, 2, 3, 4, 7, 8, 14, 15, 16}  # looked at before grace_period auto was as it is
PEERS = [(f"Ray ASHA {grace}", f"asha {variant} {grace}") for variant in ("stop", "promote") for grace in (1, 2, 4)] + [
    (f"Optuna halving {grace}", f"asha {variant} {grace}") for variant in ("stop", "promote") for grace in (1, 2, 4)] + [
    ("Ray HyperBand", "hyperband 1"), ("Optuna Hyperband 1", "hyperband 1"), ("Optuna Hyperband 1", "asha 4 brackets"), ("Ray median 4", "median"),
    ("Optuna median 4", "median")] + [(f"Ray ASHA {grace}", "asha stop auto") for grace in (1, 2, 4)]


def read(path):
    if not os.path.exists(path):
        return []
    with open(path, newline="") as file:
        return list(csv.reader(file))


def by_group(rows):
    """group -> (problems, budgets, seeds that every method has, regret[(problem, method, seed, budget)])."""
    regret = {(p, m, int(s), int(b)): float(r) for p, m, s, b, r in rows}
    groups = {}
    for problem in PROBLEMS:
        group = problem.group if problem.group == "lcbench" else problem.name
        groups.setdefault(group, []).append(problem)
    for group, problems in groups.items():
        budgets = problems[0].budgets
        seeds = [s for s in sorted({key[2] for key in regret})
                 if all((p.name, m, s, b) in regret for p in problems for m in METHODS for b in budgets)]
        if seeds:
            yield group, problems, budgets, seeds, regret


def table(group, problems, budgets, seeds, regret):
    def of(method, budget):
        return [[regret[p.name, method, s, budget] for s in seeds] for p in problems]

    def mean_of(statistic):
        return lambda groups: statistics.fmean(statistic(g) for g in groups)

    middle = mean_of(interquartile_mean)
    mean_rank = {m: statistics.fmean(
        ranks([regret[p.name, other, s, b] for other in METHODS])[list(METHODS).index(m)]
        for p in problems for s in seeds for b in budgets) for m in METHODS}
    flat = {m: [v for b in budgets for g in of(m, b) for v in g] for m in METHODS}
    # One pair for each task and seed: its mean over budgets. Budgets of one run are no independent evidence.
    paired = {m: [statistics.fmean(regret[p.name, m, s, b] for b in budgets) for p in problems for s in seeds]
              for m in METHODS}
    others = [m for m in METHODS if m != "random"]
    p_values = dict(zip(others, holm([wilcoxon(paired[m], paired["random"]) for m in others])))

    lines = [f"### {TITLES[group]}", "",
             f"{len(seeds)} seeds, {problems[0].workers} workers. Mean regret [95 % band of the inter-quartile mean], by "
             "budget in full evaluations.", "",
             "| method | " + " | ".join(map(str, budgets)) + " | mean | mean rank | p against random |",
             "| --- |" + " --- |" * (len(budgets) + 3)]
    curves = {}
    for m in METHODS:
        cells, curve = [], []
        for b in budgets:
            groups = of(m, b)
            low, high = bootstrap(groups, middle)
            mean = statistics.fmean(v for g in groups for v in g)
            cells.append(f"{mean:.3f} [{low:.3f}, {high:.3f}]")
            curve.append((b, middle(groups), low, high))
        curves[m] = curve
        p = "" if m == "random" else f"{p_values[m]:.2g}"
        lines.append(f"| {m} | " + " | ".join(cells) + f" | {statistics.fmean(flat[m]):.3f} | {mean_rank[m]:.2f} | {p} |")
    file = f"quality-{group}.svg"
    plot(os.path.join(ROOT, "docs", file), TITLES[group], "full evaluations", "regret, inter-quartile mean", curves)
    return lines + ["", f"![{TITLES[group]}]({file})", ""]


def by_task(problems, budgets, seeds, regret):
    methods = ["random", "asha stop 1", "asha stop 2", "asha stop 4", "asha stop auto", "asha promote auto"]
    lines = ["### LCBench, task by task", "", f"Mean regret over {len(seeds)} seeds at the smallest and the largest budget.",
             "", "| task | " + " | ".join(methods) + " |", "| --- |" + " --- |" * len(methods)]

    def mean(p, m, b):
        return statistics.fmean(regret[p.name, m, s, b] for s in seeds)

    for p in problems:
        cells = [f"{mean(p, m, budgets[0]):.3f}, {mean(p, m, budgets[-1]):.3f}" for m in methods]
        lines.append(f"| {p.name.removeprefix('lcbench-')} | " + " | ".join(cells) + " |")
    lines += ["", f"Behind random search, of {len(problems) * len(budgets)} pairs of a task and a budget:", ""]
    for m in METHODS:
        behind = [mean(p, m, b) - mean(p, "random", b) for p in problems for b in budgets]
        behind = [by for by in behind if by > 0]
        if behind:
            lines.append(f"- {m}: {len(behind)}, by {max(behind):.3f} at most")
    return lines + [""]


def seen_and_unseen(problems, budgets, seeds, regret):
    """The same on the seeds that were looked at while `auto` was made, and on those that were not."""
    lines = ["### LCBench, seeds that nobody had seen", "",
             "Mean regret on the seeds that were looked at while `auto` was made, and on the others, which are evidence of "
             "their own.", "", "| seeds | method | " + " | ".join(map(str, budgets)) + " | mean | behind random search |",
             "| --- | --- |" + " --- |" * (len(budgets) + 2)]
    for words, chosen in ("seen", [s for s in seeds if s in SEEN]), ("not seen", [s for s in seeds if s not in SEEN]):
        def mean(method, budgets, problems=problems):
            return statistics.fmean(regret[p.name, method, s, b] for p in problems for s in chosen for b in budgets)

        for m in METHODS if chosen else []:
            behind = [by for p in problems for b in budgets if (by := mean(m, [b], [p]) - mean("random", [b], [p])) > 0]
            cells = [f"{mean(m, [b]):.3f}" for b in budgets] + [f"{mean(m, budgets):.3f}"]
            told = f"{len(behind)} of {len(problems) * len(budgets)}, by {max(behind):.3f} at most" if behind else ""
            lines.append(f"| {words} ({len(chosen)}) | {m} | " + " | ".join(cells) + f" | {told} |")
    return lines + [""]


def as_default(groups):
    """`auto` in place of 1, problem by problem: what it would mean to make it the default."""
    lines = ["### `auto` in place of 1", "",
             "Mean regret over budgets; differences with their 95 % band, below 0 `auto` is better; the best fixed grace period is "
             "the one that is best on that problem, which nobody knows beforehand.", "",
             "| problem | variant | auto | 1 | best fixed | random | auto - 1 | auto - random |", "| --- |" + " --- |" * 7]
    for group, problems, budgets, seeds, regret in groups:
        def means(method, problems=problems, budgets=budgets, seeds=seeds, regret=regret):
            return [[statistics.fmean(regret[p.name, method, s, b] for b in budgets) for s in seeds] for p in problems]

        def mean(groups):
            return statistics.fmean(v for group in groups for v in group)

        def behind(method, other):
            pairs = [[a - b for a, b in zip(*both)] for both in zip(means(method), means(other))]
            low, high = bootstrap(pairs, mean)
            return f"{mean(pairs):+.3f} [{low:+.3f}, {high:+.3f}]"

        for variant in "stop", "promote":
            auto, one = f"asha {variant} auto", f"asha {variant} 1"
            fixed = {g: mean(means(f"asha {variant} {g}")) for g in (1, 2, 4, 8)}
            best = min(fixed, key=fixed.get)
            lines.append(f"| {TITLES[group]} | {variant} | {mean(means(auto)):.3f} | {fixed[1]:.3f} | {fixed[best]:.3f} ({best}) | "
                         f"{mean(means('random')):.3f} | {behind(auto, one)} | {behind(auto, 'random')} |")
    return lines + [""]


def beside_peers(rows, peer_rows):
    """Each of theirs beside ours of the same settings, on the tasks and seeds that both have."""
    regret = {(m, p, int(s), int(b)): float(r) for p, m, s, b, r in rows + peer_rows}
    runs = {}
    for method, problem, seed, _ in regret:
        runs.setdefault(method, set()).add((problem, seed))
    budgets = (20, 50, 100, 200)
    found = []
    for peer, ours in PEERS:
        where = sorted(runs.get(peer, set()) & runs.get(ours, set()))
        if not where:
            continue
        both = [[statistics.fmean(regret[m, *w, b] for b in budgets) for w in where] for m in (ours, peer)]
        difference = [a - b for a, b in zip(*both)]
        low, high = bootstrap([difference], lambda groups: statistics.fmean(groups[0]))
        cells = [" ".join(f"{statistics.fmean(regret[m, *w, b] for w in where):.3f}" for m in (ours, peer)) for b in budgets]
        found.append((f"| {ours} | {peer} | {len(where)} | " + " | ".join(cells) +
                      f" | {statistics.fmean(difference):+.4f} [{low:+.4f}, {high:+.4f}] |", wilcoxon(*both)))
    if not found:
        return []
    lines = ["Mean regret, ours and theirs, by budget, over n pairs of a task and a seed; the difference of their means over "
             "budgets [95 % band]: below 0 ours is better.", "",
             "| ours | theirs | n | 20 | 50 | 100 | 200 | ours - theirs | p |", "| --- |" + " --- |" * 8]
    return lines + [f"{line} {p:.2g} |" for (line, _), p in zip(found, holm([p for _, p in found]))] + [""]


def between(text, what, lines):
    begin, end = f"<!-- {what}: begin -->", f"<!-- {what}: end -->"
    return text[:text.index(begin) + len(begin)] + "\n" + "\n".join(lines) + text[text.index(end):]


def write(results):
    lines, rows = [], read(results)
    groups = list(by_group(rows))
    for group in groups:
        lines += table(*group)
        if group[0] == "lcbench":
            lines += by_task(*group[1:]) + seen_and_unseen(*group[1:])
    lines += as_default(groups)
    path = os.path.join(ROOT, "docs", "quality.md")
    with open(path) as file:
        text = file.read()
    text = between(text, "schedulers", lines)
    text = between(text, "peers", beside_peers(rows, read(os.path.join(os.path.dirname(results), "peers.csv"))))
    with open(path, "w") as file:
        file.write(text)
