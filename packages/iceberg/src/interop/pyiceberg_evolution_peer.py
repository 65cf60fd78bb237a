"""The other side of the evolution interop test: PyIceberg's SqlCatalog on the same PostgreSQL tables.

usage: pyiceberg_evolution_peer.py <uri> <warehouse> <table> <command> [argument]
Prints one JSON document.
"""

import json
import sys

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.schema import Schema
from pyiceberg.table.sorting import NullOrder
from pyiceberg.transforms import BucketTransform, DayTransform, IdentityTransform
from pyiceberg.types import DateType, IntegerType, ListType, LongType, MapType, NestedField, StringType, StructType

uri, warehouse, name, command = sys.argv[1:5]
argument = sys.argv[5] if len(sys.argv) > 5 else ""
catalog = SqlCatalog("nova", uri=uri, warehouse=warehouse, init_catalog_tables="false")


def plain(value):
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return value if isinstance(value, (int, float, str, bool)) or value is None else str(value)


def nested():
    return Schema(
        NestedField(1, "id", LongType(), required=True),
        NestedField(2, "address", StructType(NestedField(3, "city", StringType()), NestedField(4, "zip", IntegerType()))),
        NestedField(5, "items", ListType(6, StructType(NestedField(7, "sku", StringType()), NestedField(8, "n", IntegerType())))),
        NestedField(9, "attrs", MapType(10, StringType(), 11, IntegerType(), value_required=False)),
        NestedField(12, "day", DateType()),
        identifier_field_ids=[1],
    )


def append(table, ids):
    address = table.schema().find_field("address").field_type
    items = table.schema().find_field("items").field_type.element_type
    words = {"city": "Rom", "town": "Rom", "sku": "p", "country": "it"}
    one = lambda struct, i: {field.name: words.get(field.name, i) for field in struct.fields}
    rows = [
        {"id": i, "address": one(address, i), "items": [one(items, i)], "attrs": [("k", i)], "day": None}
        for i in ids
    ]
    table.append(pa.Table.from_pylist(rows, schema=table.schema().as_arrow()))


if command == "read":
    table = catalog.load_table(name)
    print(json.dumps([plain(row) for row in table.scan().to_arrow().to_pylist()]))
elif command == "filter":
    table = catalog.load_table(name)
    scan = table.scan(row_filter=argument)
    print(json.dumps({"rows": [plain(row) for row in scan.to_arrow().to_pylist()], "files": len(list(scan.plan_files()))}))
elif command == "describe":
    table = catalog.load_table(name)
    print(
        json.dumps(
            {
                "schema": str(table.schema()),
                "spec": [[f.name, str(f.transform), f.field_id] for f in table.spec().fields],
                "specs": len(table.specs()),
                "order": [[f.source_id, str(f.transform), f.direction.name, f.null_order.name] for f in table.sort_order().fields],
                "orderIds": sorted({task.file.sort_order_id for task in table.scan().plan_files()}),
            }
        )
    )
elif command == "append":
    append(catalog.load_table(name), json.loads(argument))
    print("true")
elif command == "create":
    table = catalog.create_table(name, schema=nested())
    append(table, [1, 2])
    with table.update_schema() as update:
        update.rename_column(("address", "city"), "town")
        update.add_column(("address", "country"), StringType())
        update.update_column(("address", "zip"), LongType())
        update.delete_column(("items", "element", "sku"))
        update.add_column(("items", "price"), LongType())
        update.update_column(("attrs", "value"), LongType())
    with table.update_spec() as update:
        update.add_field("day", DayTransform(), "day_day")
    append(catalog.load_table(name), [3])
    table = catalog.load_table(name)
    with table.update_spec() as update:
        update.remove_field("day_day")
        update.add_field("id", BucketTransform(4), "id_bucket")
    with table.update_sort_order() as update:
        update.desc("id", IdentityTransform(), NullOrder.NULLS_LAST)
    append(catalog.load_table(name), [4])
    print("true")
elif command == "add-files":
    path = argument
    table = catalog.load_table(name)
    pq.write_table(
        pa.table(
            {
                "id": pa.array([50, 51], pa.int64()),
                "address": pa.array([{"city": "Oslo", "zip": 1}, None], pa.struct([("city", pa.string()), ("zip", pa.int32())])),
                "attrs": pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int32())),
            },
            schema=pa.schema(
                [
                    pa.field("id", pa.int64(), nullable=False),
                    pa.field("address", pa.struct([("city", pa.string()), ("zip", pa.int32())])),
                    pa.field("attrs", pa.map_(pa.string(), pa.int32())),
                ]
            ),
        ),
        path.replace("file://", ""),
    )
    table.add_files([path])
    print("true")
elif command == "create-plain":
    catalog.create_table(name, schema=nested())
    print("true")
else:
    raise SystemExit(f"unknown command {command}")
