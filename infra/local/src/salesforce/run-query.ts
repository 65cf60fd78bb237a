import { id18 } from "./record-id.ts";
import type { FieldDefinition, ObjectDefinition } from "./objects.ts";
import type { FieldValue, SObjectRecord } from "./seed-records.ts";
import type { RecordRange, RecordStore } from "./record-store.ts";
import type { Aggregate, ComparisonOperator, Condition, Literal, Query } from "./soql.ts";

type Predicate = (record: SObjectRecord) => boolean;

/** Text compares without case in SOQL, ids as they are, in their 18-character form. */
function comparable(value: Literal | undefined, field: FieldDefinition): Literal {
  if (typeof value !== "string") return value ?? null;
  if (field.type === "id" || field.type === "reference") return id18(value) ?? value;
  return field.type === "date" || field.type === "datetime" ? value : value.toLowerCase();
}

function likePattern(pattern: string): RegExp {
  const escaped = pattern.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll("%", ".*").replaceAll("_", ".")}$`, "is");
}

function holds(operator: Exclude<ComparisonOperator, "LIKE">, left: Literal, right: Literal): boolean {
  switch (operator) {
    case "=":
      return left === right;
    case "!=":
      return left !== right;
    case "<":
      return left !== null && right !== null && left < right;
    case "<=":
      return left !== null && right !== null && left <= right;
    case ">":
      return left !== null && right !== null && left > right;
    case ">=":
      return left !== null && right !== null && left >= right;
  }
}

/** Turns a condition into a test of one record. */
function predicateOf(condition: Condition): Predicate {
  switch (condition.kind) {
    case "and": {
      const parts = condition.parts.map((part) => predicateOf(part));
      return (record) => parts.every((part) => part(record));
    }
    case "or": {
      const parts = condition.parts.map((part) => predicateOf(part));
      return (record) => parts.some((part) => part(record));
    }
    case "not": {
      const part = predicateOf(condition.part);
      return (record) => !part(record);
    }
    case "in": {
      const { field, negated } = condition;
      const values = new Set(condition.values.map((value) => comparable(value, field)));
      return (record) => values.has(comparable(record[field.name], field)) !== negated;
    }
    case "compare": {
      const { field, operator } = condition;
      if (operator === "LIKE") {
        const pattern = likePattern(String(condition.value));
        return (record) => pattern.test(String(record[field.name] ?? ""));
      }
      const right = comparable(condition.value, field);
      return (record) => holds(operator, comparable(record[field.name], field), right);
    }
  }
}

function order(query: Query, rows: SObjectRecord[]): void {
  if (query.orderBy.length === 0) return;
  rows.sort((a, b) => {
    for (const { field, descending, nullsLast } of query.orderBy) {
      const left = comparable(a[field.name], field);
      const right = comparable(b[field.name], field);
      if (left === right) continue;
      if (left === null || right === null) return (left === null) === nullsLast ? 1 : -1;
      return left < right === descending ? 1 : -1;
    }
    return 0;
  });
}

/** True for a query of every record of its object, in any order. */
function isWhole({ where, orderBy, limit, offset }: Query): boolean {
  return where === null && orderBy.length === 0 && limit === null && offset === null;
}

/**
 * The records a query finds, as they are now: records never change in place, so the list is a stable snapshot
 * that a cursor or a bulk job can page through. `withDeleted` is queryAll.
 */
export function findRecords(store: RecordStore, query: Query, withDeleted: boolean): SObjectRecord[] {
  const test = query.where === null ? null : predicateOf(query.where);
  const rows: SObjectRecord[] = [];
  for (const record of store.all(query.object.name)) {
    if ((withDeleted || record.IsDeleted === false) && (test === null || test(record))) rows.push(record);
  }
  order(query, rows);
  const start = query.offset ?? 0;
  return query.limit === null && start === 0
    ? rows
    : rows.slice(start, query.limit === null ? undefined : start + query.limit);
}

/** What `findRecords` finds, to be read in parts: all records of an object are not held in memory at once. */
export function findRange(store: RecordStore, query: Query, withDeleted: boolean): RecordRange {
  if (isWhole(query)) return store.asOfNow(query.object.name, withDeleted);
  const rows = findRecords(store, query, withDeleted);
  return { end: rows.length, count: rows.length, slice: (from, to) => rows.slice(from, to) };
}

function aggregateValue(aggregate: Aggregate, rows: readonly SObjectRecord[]): FieldValue {
  const values = rows.map((row) => row[aggregate.field.name] ?? null).filter((value) => value !== null);
  if (aggregate.function === "COUNT") return values.length;
  return values.reduce<FieldValue>(
    (best, value) => (best === null || (aggregate.function === "MIN" ? value < best : value > best) ? value : best),
    null,
  );
}

/** The one row of `SELECT COUNT(Id), MAX(SystemModstamp) … FROM …`. */
export function aggregateRow(query: Query, rows: readonly SObjectRecord[]): Record<string, unknown> {
  const cells = query.aggregates.map((aggregate) => {
    const value = aggregateValue(aggregate, rows);
    return [aggregate.alias, aggregate.function === "COUNT" ? value : restValue(aggregate.field, value)];
  });
  return { attributes: { type: "AggregateResult" }, ...Object.fromEntries(cells) };
}

/** A value as REST JSON shows it: datetimes with `+0000`. */
function restValue(field: FieldDefinition, value: FieldValue): FieldValue {
  return field.type === "datetime" && typeof value === "string" ? value.replace("Z", "+0000") : value;
}

function addressOf(record: SObjectRecord, field: FieldDefinition): object {
  const kind = field.name.replace("Address", "");
  const part = (name: string): FieldValue => record[kind + name] ?? null;
  return {
    city: part("City"),
    country: part("Country"),
    geocodeAccuracy: null,
    latitude: null,
    longitude: null,
    postalCode: part("PostalCode"),
    state: null,
    street: part("Street"),
  };
}

/** A record as the REST API shows it, with the chosen fields in the chosen order. */
export function restRecord(
  object: ObjectDefinition,
  fields: readonly FieldDefinition[],
  record: SObjectRecord,
  base: string,
): Record<string, unknown> {
  const shown: Record<string, unknown> = {
    attributes: { type: object.name, url: `${base}/sobjects/${object.name}/${String(record.Id)}` },
  };
  for (const field of fields)
    shown[field.name] =
      field.type === "address" ? addressOf(record, field) : restValue(field, record[field.name] ?? null);
  return shown;
}
