import type { OrderColumn, OrderTable } from "./catalog.ts";

/** Words from which names and sentences of side tables are made. */
const NAMES =
  "Aurora Birch Cobalt Delta Ember Fjord Granite Harbour Iris Juniper Kestrel Lagoon Meadow Nimbus Orchid Pebble Quartz Raven Saffron Tundra".split(
    " ",
  );
const PEOPLE_NAMES = [
  "Marta Kowalska",
  "Jonas Weber",
  "Aoife Byrne",
  "Luís Figueira",
  "Chiara Conti",
  "Søren Dahl",
  "Amélie Roux",
  "Tomáš Novák",
  "Ines Horvat",
  "Peter Novak",
  "山田 太郎",
  "Ελένη Σταύρου",
];

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const array = (items: readonly string[]): string => `ARRAY[${items.map(quote).join(",")}]`;

/** Deterministic salt per column, so that columns of one row do not move together. */
function saltOf(text: string): number {
  let salt = 7;
  for (let i = 0; i < text.length; i += 1) salt = (Math.imul(salt, 31) + text.charCodeAt(i)) & 0x7fffffff;
  return salt;
}

/** Nearest base name of a number column, from which its range follows. */
function wholeNumber(name: string, roll: (below: number) => string): string {
  if (/(line_no|attempt_no|stop_no|version)$/.test(name)) return `1 + ${roll(9)}`;
  if (/(rating|score|priority)$/.test(name)) return `1 + ${roll(5)}`;
  if (name === "fiscal_year") return `2024 + ${roll(4)}`;
  return roll(500);
}

function textValue(table: string, name: string, roll: (below: number) => string): string {
  if (name.endsWith("email")) return `'contact' || g || '@partner' || ${roll(40)} || '.example'`;
  if (name === "full_name") return `(${array(PEOPLE_NAMES)})[1 + ${roll(PEOPLE_NAMES.length)}]`;
  if (/phone/.test(name)) return `'+44 7700 900' || lpad(${roll(1000)}::text, 3, '0')`;
  if (name === "iban") return `'DE02120300000000' || lpad(${roll(3)}::text, 6, '0')`;
  if (/url$|landing_page/.test(name)) return `'https://shop.novaretail.example/p/' || ${roll(4000)}`;
  if (name === "quarter") return `'2026-Q' || 1 + ${roll(4)}`;
  if (name === "currency") return `(ARRAY['EUR','EUR','EUR','USD','GBP','SEK'])[1 + ${roll(6)}]`;
  if (/^(terms|letter|report)$/.test(name) || (name === "body" && /articles|templates/.test(table)))
    return `pg_temp.prose(g, ${saltOf(name)}, 40)`;
  if (name === "body") return `pg_temp.prose(g, ${saltOf(name)}, 3)`;
  if (
    /^(question|answer|remark|remarks|notes|fault|gift_message|delivery_instructions|text|purpose|summary|log_excerpt|description)$/.test(
      name,
    )
  )
    return `pg_temp.prose(g, ${saltOf(name)}, 1)`;
  if (/name$|title|subject|label|shelf|term$|season/.test(name))
    return `(${array(NAMES)})[1 + ${roll(NAMES.length)}] || ' ' || g`;
  return `upper(${quote(name.slice(0, 2))}) || '-' || lpad(g::text, 6, '0')`;
}

/** SQL expression (over `g`, the row number from 1) that gives a believable value of the column. */
export function valueExpression(table: string, column: OrderColumn): string {
  const salt = saltOf(`${table}.${column.name}`);
  const roll = (below: number): string => `pg_temp.roll(g, ${salt}, ${below})`;
  const { name, type } = column;
  if (column.choices !== null) return `(${array(column.choices)})[1 + ${roll(column.choices.length)}]::${type}`;
  const size = /\((\d+)(?:,(\d+))?\)/.exec(type);
  const future = /(until|ends_on|expires|due_on|best_before|valid_to|closes)/.test(name) ? "+" : "-";
  switch (type.replace(/\(.*\)/, "")) {
    case "boolean":
      return `${roll(10)} < 7`;
    case "smallint":
    case "integer":
    case "bigint":
      return wholeNumber(name, roll);
    case "real":
    case "double precision":
      return name === "reading"
        ? `CASE WHEN ${roll(40)} = 0 THEN 'NaN' ELSE ${roll(10000)} / 97.0 END`
        : `${roll(1000)} / 1000.0`;
    case "numeric":
      return size === null
        ? `${roll(1_000_000)} / 7.0`
        : `round(${roll(size[1] === "5" ? 9000 : 90_000)} / 97.0, ${size[2] ?? 0})`;
    case "character":
    case "character varying":
      return `left(${textValue(table, name, roll)}, ${size?.[1] ?? 1})`;
    case "text":
      return textValue(table, name, roll);
    case "date":
      return `(pg_temp.seed_now() ${future} make_interval(days => ${roll(88)}))::date`;
    case "timestamp with time zone":
      return `pg_temp.seed_now() ${future} make_interval(secs => ${roll(88 * 86_400)})`;
    case "timestamp without time zone":
      return `(pg_temp.seed_now() ${future} make_interval(secs => ${roll(88 * 86_400)})) AT TIME ZONE 'Europe/Berlin'`;
    case "time without time zone":
      return `time '06:00' + make_interval(mins => ${roll(960)})`;
    case "interval":
      return `make_interval(secs => ${roll(7200)})`;
    case "uuid":
      return `md5(${quote(table)} || g)::uuid`;
    case "bytea":
      return `sha256(convert_to(${quote(table + name)} || g, 'UTF8'))`;
    case "inet":
      return `('203.0.113.' || ${roll(250)})::inet`;
    case "jsonb":
      return `CASE WHEN ${roll(20)} = 0 THEN 'null'::jsonb ELSE jsonb_build_object('rank', ${roll(100)}, 'label', ${textValue(table, "name", roll)}, 'ratio', ${roll(1000)} / 1000.0, 'on', ${roll(2)} = 1) END`;
    case "text[]":
      return `ARRAY[(${array(NAMES)})[1 + ${roll(20)}], (${array(NAMES)})[1 + ${roll(19)}]]`;
    case "integer[]":
    case "bigint[]":
      return `ARRAY[1 + ${roll(90)}, 1 + ${roll(91)}, 1 + ${roll(92)}]`;
    case "numeric[]":
      return `array_fill(round(${roll(10_000)} / 3.0, 4), ARRAY[12])`;
    default:
      throw new Error(`no way to fill ${table}.${name} of type ${type}: add one to fill-table.ts`);
  }
}

/** Statement that puts about `rows` deterministic rows into a side table; colliding keys are left out. */
export function fillStatement(table: OrderTable, rows: number): string {
  const columns = table.columns.filter((column) => !column.identity && !column.generated);
  const lists: string[] = [];
  const values = columns.map((column) => {
    if (column.references === null)
      return column.nullable && column.choices === null
        ? `CASE WHEN pg_temp.roll(g, ${saltOf(column.name)}, 9) > 0 THEN ${valueExpression(table.name, column)} END`
        : valueExpression(table.name, column);
    const { table: target, column: key } = column.references;
    const alias = `ids${lists.length}`;
    // Newest rows first: side tables tell about recent orders and customers.
    lists.push(
      `(SELECT array_agg(id ORDER BY id DESC) AS a FROM (SELECT ${key} AS id FROM ${target} ORDER BY 1 DESC LIMIT 5000) newest) ${alias}`,
    );
    const place = column.unique
      ? "g::int"
      : `(1 + pg_temp.roll(g, ${saltOf(table.name + column.name)}, cardinality(${alias}.a)))::int`;
    return column.nullable
      ? `CASE WHEN pg_temp.roll(g, ${saltOf(column.name)}, 8) > 0 THEN ${alias}.a[${place}] END`
      : `${alias}.a[${place}]`;
  });
  const required = columns.flatMap((column, i) =>
    column.references !== null && column.unique ? [`${values[i]} IS NOT NULL`] : [],
  );
  const names = columns.map((column) => `"${column.name}"`).join(", ");
  return `INSERT INTO ${table.name} (${names}) SELECT ${values.join(", ")} FROM ${[`generate_series(1, ${rows}) g`, ...lists].join(", ")}${required.length > 0 ? ` WHERE ${required.join(" AND ")}` : ""} ON CONFLICT DO NOTHING`;
}
