"""The other side of the refs interop test: PyIceberg's SqlCatalog on the same PostgreSQL tables.

usage: pyiceberg_refs_peer.py <uri> <warehouse> <table> <command> [argument]
Prints one JSON document.
"""

import json
import sys

import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog

uri, warehouse, name, command = sys.argv[1:5]
argument = sys.argv[5] if len(sys.argv) > 5 else ""
catalog = SqlCatalog("nova", uri=uri, warehouse=warehouse, init_catalog_tables="false")
table = catalog.load_table(name)


def ids(**scan):
    return sorted(row["id"] for row in table.scan(**scan).to_arrow().to_pylist())


if command == "refs":
    refs = {key: json.loads(ref.model_dump_json(by_alias=True)) for key, ref in table.metadata.refs.items()}
    log = [str(entry.snapshot_id) for entry in table.metadata.snapshot_log]
    print(json.dumps({"refs": refs, "log": log, "current": ids()}))
elif command == "read":
    print(json.dumps(ids(snapshot_id=table.snapshot_by_name(argument).snapshot_id)))
elif command == "branch":
    with table.manage_snapshots() as manage:
        manage.create_branch(snapshot_id=table.current_snapshot().snapshot_id, branch_name=argument)
        manage.create_branch(
            snapshot_id=table.current_snapshot().snapshot_id, branch_name=argument + "-kept", min_snapshots_to_keep=2
        )
        manage.create_tag(snapshot_id=table.current_snapshot().snapshot_id, tag_name=argument + "-tag")
    table.append(pa.table({"id": pa.array([77], pa.int64())}), branch=argument)
    print(json.dumps(ids()))
elif command == "append":
    table.append(pa.table({"id": pa.array([int(argument)], pa.int64())}))
    print(json.dumps(ids()))
elif command == "inspect":
    rows = table.inspect.refs().to_pylist()
    print(json.dumps(sorted([row["name"], row["type"], row["min_snapshots_to_keep"]] for row in rows)))
else:
    raise SystemExit(f"unknown command {command}")
