"""python -m tests.bench COMMAND: what Warren costs, beside something to compare it with.

webhook    updates a second and their latency, beside an empty application on Hypercorn
crowd      expiry and reconciliation of 100,000 people: time, memory, connections
finalize   purchases a second, beside pgbench with the same statements
"""

import sys
from importlib import import_module

COMMANDS = ("webhook", "crowd", "finalize")

if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
    sys.exit(__doc__)
command = sys.argv.pop(1)
import_module(f"tests.bench.{command}").main()
