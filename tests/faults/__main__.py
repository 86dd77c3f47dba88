"""Faults under load, and a table of what came of them: python -m tests.faults [--long] [NAME…]

Ends with 1 if anything was lost, doubled, or not done. The seed is printed; `--seed` repeats it.
"""

import argparse
import random
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TypeAlias

import trio

from tests.cluster import Cluster
from tests.e2e.conftest import TestDatabase
from tests.faults.kill import kill_9
from tests.faults.two_instances import leader_frozen, leader_killed
from tests.faults.verdict import Figures, table

Run: TypeAlias = Callable[..., Awaitable[Figures]]
"""Called with a database and a folder of its own, a seed, and `long`."""

EXPERIMENTS: Mapping[str, Run] = {
    "kill-9": kill_9,
    "leader-killed": leader_killed,
    "leader-frozen": leader_frozen,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--long", action="store_true", help="the long forms, for minutes")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("experiment", nargs="*", help=f"of {', '.join(EXPERIMENTS)}; all if none")
    given = parser.parse_args()
    names = given.experiment or list(EXPERIMENTS)
    if unknown := set(names) - EXPERIMENTS.keys():
        parser.error(f"no such experiment: {', '.join(unknown)}")
    print(f"seed {given.seed}", flush=True)
    rows = []
    with tempfile.TemporaryDirectory(prefix="warren-faults-") as place:
        folder = Path(place)
        folder.chmod(0o755)  # a server that root starts runs as somebody else
        with closing(Cluster(folder)) as cluster:
            for name in names:
                own = folder / name
                own.mkdir()
                database = TestDatabase(cluster, cluster.create_database())
                run = partial(EXPERIMENTS[name], long=given.long)
                rows.append(trio.run(run, database, own, given.seed))
                print(rows[-1], flush=True)
    print(f"\n{table(rows)}")
    return 0 if all(row.sound for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
