import type { OrderColumn } from "./catalog.ts";
import { RANGES, VOCABULARY } from "./vocabulary.ts";

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
export function saltOf(text: string): number {
  let salt = 7;
  for (let i = 0; i < text.length; i += 1) salt = (Math.imul(salt, 31) + text.charCodeAt(i)) & 0x7fffffff;
  return salt;
}

/** The range of a number column, and the one of its type when its name says nothing. */
function rangeOf(column: string, otherwise: readonly [number, number]): readonly [from: number, below: number] {
  const [, from, below] = RANGES.find(([pattern]) => pattern.test(column)) ?? [null, ...otherwise];
  return [from, below];
}

function textValue(table: string, name: string, roll: (below: number) => string): string {
  const vocabulary = VOCABULARY[`${table}.${name}`] ?? VOCABULARY[name];
  if (vocabulary !== undefined) return `(${array(vocabulary)})[1 + ${roll(vocabulary.length)}]`;
  if (name.endsWith("email")) return `'contact' || g || '@partner' || ${roll(40)} || '.example'`;
  if (name === "full_name") return `(${array(PEOPLE_NAMES)})[1 + ${roll(PEOPLE_NAMES.length)}]`;
  if (/phone/.test(name)) return `'+44 7700 900' || lpad(${roll(1000)}::text, 3, '0')`;
  if (name === "iban") return `'DE02120300000000' || lpad(${roll(3)}::text, 6, '0')`;
  if (/url$|landing_page/.test(name)) return `'https://shop.novaretail.example/p/' || ${roll(4000)}`;
  if (name === "quarter") return `'2026-Q' || 1 + ${roll(4)}`;
  if (name === "currency") return `(ARRAY['EUR','EUR','EUR','USD','GBP','SEK'])[1 + ${roll(6)}]`;
  if (/^(terms|letter|report)$/.test(name) || (name === "body" && /articles|templates/.test(table)))
    return `pg_temp.prose(g, ${saltOf(name)}, 40)`;
  if (name === "body") return `pg_temp.sentence(g, ${saltOf(table)}) || ' ' || pg_temp.sentence(g, ${saltOf(name)})`;
  if (
    /^(question|answer|remark|remarks|notes|fault|gift_message|delivery_instructions|text|purpose|summary|log_excerpt|description)$/.test(
      name,
    )
  )
    return `pg_temp.sentence(g, ${saltOf(table + name)})`;
  if (/name$|title|subject|label|shelf|term$|season/.test(name))
    return `(${array(NAMES)})[1 + ${roll(NAMES.length)}] || ' ' || g`;
  return `upper(${quote(name.slice(0, 2))}) || '-' || lpad(g::text, 6, '0')`;
}

/** SQL expression (over `g`, the row number from 1) that gives a believable value of the column. */
export function valueExpression(table: string, column: OrderColumn): string {
  // A row that was never changed was last changed when it was created.
  const salt = saltOf(`${table}.${column.name === "updated_at" ? "created_at" : column.name}`);
  const roll = (below: number): string => `pg_temp.roll(g, ${salt}, ${below})`;
  const whole = (...otherwise: readonly [number, number]): string => {
    const [from, below] = rangeOf(`${table}.${column.name}`, otherwise);
    return `${from} + ${roll(below - from)}`;
  };
  const fraction = (...otherwise: readonly [number, number]): string => {
    const [from, below] = rangeOf(`${table}.${column.name}`, otherwise);
    // Thousandths, as long as their number fits PostgreSQL's int.
    const steps = below - from > 1_000_000 ? 1 : 1000;
    return `${from} + ${roll((below - from) * steps)} / ${steps}.0`;
  };
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
      return whole(0, 500);
    case "real":
    case "double precision":
      return name === "reading" ? `CASE WHEN ${roll(40)} = 0 THEN 'NaN' ELSE ${fraction(0, 1)} END` : fraction(0, 1);
    case "numeric":
      return size === null ? `${roll(1_000_000)} / 7.0` : `round((${fraction(1, 900)})::numeric, ${size[2] ?? 0})`;
    case "character":
    case "character varying":
      return `left(${textValue(table, name, roll)}, ${size?.[1] ?? 1})`;
    case "text":
      return textValue(table, name, roll);
    case "date":
      if (name === "birth_date") return `date '1960-01-01' + ${roll(16_000)}`;
      if (name === "hired_on" || name === "bought_on") return `date '2012-01-01' + ${roll(4_000)}`;
      if (name === "month_start")
        return `date_trunc('month', pg_temp.seed_now() - make_interval(days => ${roll(360)}))::date`;
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
      return `CASE WHEN ${roll(20)} = 0 THEN 'null'::jsonb ELSE jsonb_build_object('rank', ${roll(100)}, 'label', ${textValue(table, "name", roll)}, 'ratio', round(${roll(1000)} / 1000.0, 3), 'on', ${roll(2)} = 1) END`;
    case "text[]": {
      const known = VOCABULARY[name] ?? NAMES;
      const [one, two] = [roll(known.length), `pg_temp.roll(g, ${salt + 1}, ${known.length})`];
      return `CASE WHEN ${one} = ${two} THEN ARRAY[(${array(known)})[1 + ${one}]] ELSE ARRAY[(${array(known)})[1 + ${one}], (${array(known)})[1 + ${two}]] END`;
    }
    case "integer[]":
    case "bigint[]":
      return `ARRAY[1 + ${roll(90)}, 1 + ${roll(91)}, 1 + ${roll(92)}]`;
    case "numeric[]":
      return `array_fill(round(${roll(10_000)} / 3.0, 4), ARRAY[12])`;
    default:
      throw new Error(`no way to fill ${table}.${name} of type ${type}: add one to side-values.ts`);
  }
}
