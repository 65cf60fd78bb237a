"""PyIceberg's RestCatalog on our service: argv = uri, table, command. Prints JSON."""

import json
import sys

import pyarrow as pa
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.exceptions import CommitFailedException, ValidationException
from pyiceberg.schema import Schema
from pyiceberg.types import LongType, NestedField, StringType

uri, name, command = sys.argv[1:4]
catalog = RestCatalog("peer", uri=uri, warehouse="lake")


def rows(table):
    return sorted(table.scan().to_arrow().to_pylist(), key=lambda row: row["id"])


def arrow(table, *values):
    return pa.Table.from_pylist([dict(zip(table.schema().column_names, each)) for each in values],
                                schema=table.schema().as_arrow())


if command == "read":
    table = catalog.load_table(name)
    print(json.dumps({"rows": rows(table), "snapshots": len(table.snapshots()), "properties": table.properties}))
elif command == "change":
    table = catalog.load_table(name)
    table.append(arrow(table, (100, "from python")))
    table.delete("id = 1")
    with table.update_schema() as update:
        update.add_column("note", StringType())
    with table.transaction() as transaction:
        transaction.set_properties(seen_by="pyiceberg")
    print(json.dumps(rows(catalog.load_table(name))))
elif command == "create":
    catalog.create_namespace_if_not_exists("made.there")
    schema = Schema(NestedField(1, "id", LongType(), required=True), NestedField(2, "v", StringType()))
    table = catalog.create_table(name, schema)
    table.append(arrow(table, (1, "a"), (2, "b")))
    print(json.dumps({"namespaces": catalog.list_namespaces(), "tables": catalog.list_tables("made.there")}))
elif command == "race":
    stale = catalog.load_table(name)
    fresh = catalog.load_table(name)
    fresh.append(arrow(fresh, (200, "first")))
    try:
        stale.delete("id = 200")
        print(json.dumps("won"))
    except (CommitFailedException, ValidationException):
        print(json.dumps("lost"))
