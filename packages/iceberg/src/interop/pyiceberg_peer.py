"""The other side of the interop test: PyIceberg's SqlCatalog on the same PostgreSQL tables.

usage: pyiceberg_peer.py <uri> <warehouse> <table> <command> [argument]
Prints one JSON document.
"""

import json
import sys
from datetime import datetime

import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import BucketTransform, DayTransform, IdentityTransform
from pyiceberg.types import DoubleType, LongType, NestedField, StringType, TimestamptzType

uri, warehouse, name, command = sys.argv[1:5]
argument = sys.argv[5] if len(sys.argv) > 5 else ""
catalog = SqlCatalog("nova", uri=uri, warehouse=warehouse, init_catalog_tables="false")


def plain(value):
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return value if isinstance(value, (int, float, str, bool)) or value is None else str(value)


def rows(table, **scan):
    return [plain(row) for row in table.scan(**scan).to_arrow().to_pylist()]


if command == "list":
    print(json.dumps(sorted(".".join(one) for one in catalog.list_tables("interop"))))
elif command == "read":
    print(json.dumps(rows(catalog.load_table(name))))
elif command == "filter":
    table = catalog.load_table(name)
    print(json.dumps({"rows": rows(table, row_filter=argument), "files": len(list(table.scan(row_filter=argument).plan_files()))}))
elif command == "snapshot":
    print(json.dumps(rows(catalog.load_table(name), snapshot_id=int(argument))))
elif command == "append":
    table = catalog.load_table(name)
    given = [{**row, "at": datetime.fromisoformat(row["at"])} for row in json.loads(argument)]
    table.append(pa.Table.from_pylist(given, schema=table.schema().as_arrow()))
    print(json.dumps(str(table.current_snapshot().snapshot_id)))
elif command == "delete":
    table = catalog.load_table(name)
    table.delete(argument)
    print(json.dumps(str(table.current_snapshot().snapshot_id)))
elif command == "evolve":
    table = catalog.load_table(name)
    with table.update_schema() as update:
        update.add_column("added_by_python", LongType())
        update.rename_column("label", "title")
    print(json.dumps([field.name for field in table.schema().fields]))
elif command == "create":
    schema = Schema(
        NestedField(1, "id", LongType(), required=True),
        NestedField(2, "label", StringType()),
        NestedField(3, "at", TimestamptzType()),
        NestedField(4, "amount", DoubleType()),
        identifier_field_ids=[1],
    )
    spec = PartitionSpec(
        PartitionField(3, 1000, DayTransform(), "at_day"),
        PartitionField(2, 1001, IdentityTransform(), "label"),
        PartitionField(1, 1002, BucketTransform(4), "id_bucket"),
    )
    table = catalog.create_table(name, schema=schema, partition_spec=spec)
    print(json.dumps(table.metadata_location))
else:
    raise SystemExit(f"unknown command {command}")
