"""The other side of the bench: PyIceberg does what the bench did, on the same rows, tables and files.

usage: pyiceberg_peer.py <figure> <folder> <source: a Parquet file or a table's metadata file> [argument]
Prints the seconds it took, without those of starting Python.
"""

import sys
from statistics import median
from time import perf_counter

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyiceberg.catalog.sql import SqlCatalog

figure, folder, source = sys.argv[1:4]
argument = sys.argv[4] if len(sys.argv) > 4 else ""
catalog = SqlCatalog("bench", uri="sqlite:///:memory:", warehouse=f"file://{folder}/pyiceberg")
catalog.create_namespace("bench")


def timed(work):
    start = perf_counter()
    work()
    return perf_counter() - start


if figure == "append":
    table = catalog.create_table("bench.appended", schema=pq.read_schema(source))
    seconds = timed(lambda: table.append(pq.read_table(source)))
else:
    table = catalog.register_table("bench.table", source)
    if figure == "commit":
        row = pa.Table.from_pylist([{"id": 1, "v": "v"}], schema=table.schema().as_arrow())
        seconds = median([timed(lambda: table.append(row)) for _ in range(int(argument))])
    elif figure == "plan":
        seconds = timed(lambda: list(table.scan().plan_files()))
    elif figure == "plan-filtered":
        list(table.scan().plan_files())
        seconds = timed(lambda: list(table.scan(row_filter=argument).plan_files()))
    elif figure == "read":

        def aggregate():
            rows = table.scan(selected_fields=("x", "hash", "customer", "amount", "at")).to_arrow()
            for name in ("hash", "customer", "at"):
                pc.max(rows[name])
            for name in ("x", "amount"):
                pc.sum(rows[name])

        seconds = timed(aggregate)
    elif figure == "upsert":
        seconds = timed(lambda: table.upsert(pq.read_table(argument).cast(table.schema().as_arrow()), join_cols=["id"]))
    else:
        raise SystemExit(f"unknown figure {figure}")
print(seconds)
