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


def beside_peers(rows, peer_rows):
    """Ours and theirs on the tasks and seeds that all of them have."""
    regret = {(m, p, int(s), int(b)): float(r) for p, m, s, b, r in rows + peer_rows}
    methods = sorted({row[1] for row in peer_rows}) + [m for m in METHODS if m.split()[-1] in ("1", "2", "4", "auto", "median")]
    where = [w for w in sorted({key[1:3] for key in regret}) if all((m, *w, 200) in regret for m in methods)]
    if not peer_rows or not where:
        return []
    lines = [f"Mean regret over {len(where)} pairs of a task and a seed.", "", "| method | 20 | 50 | 100 | 200 |",
             "| --- | --- | --- | --- | --- |"]
    for m in methods:
        cells = [f"{statistics.fmean(regret[m, p, s, b] for p, s in where):.3f}" for b in (20, 50, 100, 200)]
        lines.append(f"| {m} | " + " | ".join(cells) + " |")
    return lines + [""]


def between(text, what, lines):
    begin, end = f"<!-- {what}: begin -->", f"<!-- {what}: end -->"
    return text[:text.index(begin) + len(begin)] + "\n" + "\n".join(lines) + text[text.index(end):]


def write(results):
    lines, rows = [], read(results)
    for group in by_group(rows):
        lines += table(*group)
        if group[0] == "lcbench":
            lines += by_task(*group[1:])
    path = os.path.join(ROOT, "docs", "quality.md")
    with open(path) as file:
        text = file.read()
    text = between(text, "schedulers", lines)
    text = between(text, "peers", beside_peers(rows, read(os.path.join(os.path.dirname(results), "peers.csv"))))
    with open(path, "w") as file:
        file.write(text)
