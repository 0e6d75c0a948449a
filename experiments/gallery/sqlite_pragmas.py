"""Runs rounds of a small workload on an SQLite database and prints the median time of a round. Knows nothing of tune.

A round: 60 transactions of 20 rows, 3,000 rows by their key, 30 sums over a secondary index.
"""

import argparse
import json
import os
import random
import sqlite3
import statistics
import time

parser = argparse.ArgumentParser()
parser.add_argument("--folder", default=".")
parser.add_argument("--page_size", type=int, default=4096)
parser.add_argument("--cache_kib", type=int, default=2048)
parser.add_argument("--journal_mode", default="delete")
parser.add_argument("--synchronous", default="full")
parser.add_argument("--mmap_mib", type=int, default=0)
parser.add_argument("--rounds", type=int, default=9)
args = parser.parse_args()

path = os.path.join(args.folder, "workload.db")
for ending in "", "-wal", "-shm", "-journal":
    if os.path.exists(path + ending):
        os.remove(path + ending)
db = sqlite3.connect(path, isolation_level=None)
db.execute(f"pragma page_size = {args.page_size}")
mode = db.execute(f"pragma journal_mode = {args.journal_mode}").fetchone()[0]
assert mode == args.journal_mode, f"journal mode {mode}, not {args.journal_mode}"
db.execute(f"pragma synchronous = {args.synchronous}")
db.execute(f"pragma cache_size = -{args.cache_kib}")
db.execute(f"pragma mmap_size = {args.mmap_mib << 20}")

chance = random.Random(1)
db.execute("create table item (id integer primary key, kind integer, price real, text blob)")
db.execute("create index item_kind on item (kind)")
db.execute("begin")
rows = ((chance.randrange(500), chance.random(), chance.randbytes(200)) for _ in range(40000))
db.executemany("insert into item (kind, price, text) values (?, ?, ?)", rows)
db.execute("commit")


def round_of_work():
    for _ in range(60):
        db.execute("begin immediate")
        rows = [(chance.randrange(500), chance.random(), chance.randbytes(200)) for _ in range(20)]
        db.executemany("insert into item (kind, price, text) values (?, ?, ?)", rows)
        db.execute("commit")
    last = db.execute("select max(id) from item").fetchone()[0]
    for _ in range(3000):
        db.execute("select price, text from item where id = ?", (chance.randint(1, last),)).fetchone()
    for _ in range(30):
        db.execute("select sum(price), sum(length(text)) from item where kind = ?", (chance.randrange(500),)).fetchone()


times = []
for _ in range(args.rounds):
    begin = time.perf_counter()
    round_of_work()
    times.append(time.perf_counter() - begin)
    print(json.dumps({"seconds": statistics.median(times), "this_round": times[-1]}), flush=True)
db.close()
os.remove(path)
