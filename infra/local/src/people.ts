import { LOCALES, type Locale } from "./people-locales.ts";

/**
 * NovaRetail's customers. The order database, the Salesforce stand-in and the Stripe stand-in all draw
 * the same person from the same index, so that joining them across sources is a question with a right answer.
 */
export interface Person {
  /** 0-based; people below `PEOPLE` are seeded, live sign-ups continue the numbering. */
  readonly index: number;
  /** `customers.customer_id` of the order database: `index + 1`. */
  readonly customerId: number;
  readonly firstName: string;
  readonly lastName: string;
  /** The address the order database knows now. Unique, lower case, no spaces, no plus. */
  readonly email: string;
  /** The address before the last change; null for the ~95% who never changed it. Unique too. */
  readonly previousEmail: string | null;
  readonly phone: string;
  readonly street: string;
  readonly city: string;
  readonly postalCode: string;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  /** ISO date, 1940 to 2006. */
  readonly birthDate: string;
  /** ISO timestamp in UTC, rising with the index, between March 2021 and December 2025 for seeded people. */
  readonly createdAt: string;
}

/** How many people exist before the first live sign-up. */
export const PEOPLE = 30_000;

const DOMAINS = [
  "mail.example",
  "inbox.example",
  "post.example",
  "web-mail.example",
  "novamail.example",
  "fastletter.example",
];
const FORMER_DOMAINS = ["oldmail.example", "campus.example", "my-isp.example"];
const FIRST_SIGN_UP = Date.UTC(2021, 2, 1);
const LAST_SEEDED_SIGN_UP = Date.UTC(2025, 11, 31);
const FIRST_BIRTHDAY = Date.UTC(1940, 0, 1);
const LAST_BIRTHDAY = Date.UTC(2006, 11, 31);
const DAY = 86_400_000;

/** Deterministic 32-bit hash of a number and a salt (FNV-1a over the salt, murmur3 finaliser). */
export function hash32(index: number, salt: string): number {
  let h = 0x811c9dc5 ^ index;
  for (let i = 0; i < salt.length; i += 1) h = Math.imul(h ^ salt.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function pick<T>(items: readonly T[], index: number, salt: string): T {
  const item = items[hash32(index, salt) % items.length];
  if (item === undefined) throw new RangeError(`nothing to pick for "${salt}"`);
  return item;
}

function localeOf(index: number): Locale {
  let point = hash32(index, "locale") % LOCALES.reduce((sum, locale) => sum + locale.weight, 0);
  for (const locale of LOCALES) {
    if (point < locale.weight) return locale;
    point -= locale.weight;
  }
  throw new RangeError("locale weights do not add up");
}

/** Latin, lower case, letters only: what people put before the @. */
function slug(name: string): string {
  const latin = name.includes(":") ? name.slice(name.indexOf(":") + 1) : name;
  return latin
    .toLowerCase()
    .replaceAll("ß", "ss")
    .replaceAll("ł", "l")
    .replaceAll("ı", "i")
    .normalize("NFD")
    .replaceAll(/[^a-z]/g, "");
}

const spelling = (name: string): string => (name.includes(":") ? name.slice(0, name.indexOf(":")) : name);

function digits(pattern: string, index: number, salt: string): string {
  let at = 0;
  return pattern.replaceAll("#", () => {
    at += 1;
    return String(hash32(index, `${salt}${at}`) % 10);
  });
}

/** The person with this index; the same on every machine and in every release. */
export function person(index: number): Person {
  if (!Number.isSafeInteger(index) || index < 0)
    throw new RangeError(`person index must be a whole number ≥ 0, got ${index}`);
  const locale = localeOf(index);
  const first = pick(locale.first, index, "first");
  const last = pick(locale.last, index, "last");
  const [city, postalPattern] = pick(locale.cities, index, "city");
  const street = pick(locale.streets, index, "street");
  const house = 1 + (hash32(index, "house") % 180);
  const changedEmail = hash32(index, "email changed") % 100 < 5;
  const birthday = FIRST_BIRTHDAY + (hash32(index, "birth") % Math.floor((LAST_BIRTHDAY - FIRST_BIRTHDAY) / DAY)) * DAY;
  const signUp = FIRST_SIGN_UP + Math.floor((index * (LAST_SEEDED_SIGN_UP - FIRST_SIGN_UP)) / PEOPLE);
  return {
    index,
    customerId: index + 1,
    firstName: spelling(first),
    lastName: spelling(last),
    email: `${slug(first)}.${slug(last)}${index}@${pick(DOMAINS, index, "domain")}`,
    previousEmail: changedEmail
      ? `${slug(first).slice(0, 1)}${slug(last)}${index}@${pick(FORMER_DOMAINS, index, "former domain")}`
      : null,
    phone: digits(locale.phone, index, "phone"),
    street: locale.numberFirst ? `${house} ${street}` : `${street} ${house}`,
    city,
    postalCode: digits(postalPattern, index, "postal"),
    country: locale.country,
    birthDate: new Date(birthday).toISOString().slice(0, 10),
    createdAt: new Date(signUp).toISOString(),
  };
}

/**
 * The address as another system holds it: some case, spaces, plus-addresses, and often still the previous one.
 * Trimming, lower-casing and dropping what follows a plus gives `email` or `previousEmail` back.
 */
export function messyEmail(who: Person, source: "salesforce" | "stripe"): string {
  const roll = hash32(who.index, `${source} mess`) % 100;
  const stale = hash32(who.index, `${source} stale`) % 100 < (source === "salesforce" ? 60 : 40);
  const email = stale && who.previousEmail !== null ? who.previousEmail : who.email;
  if (roll < 12) return email.toUpperCase();
  if (roll < 24)
    return email.replaceAll(/(^|\.)[a-z]/g, (start, dot: string, at: number) =>
      at < email.indexOf("@") ? start.toUpperCase() : `${dot}${start.slice(dot.length)}`,
    );
  if (roll < 34) return email.replace("@", source === "stripe" ? "+pay@" : "+nova@");
  if (roll < 42) return source === "salesforce" ? ` ${email} ` : `${email} `;
  if (roll < 45) return ` ${email.replace("@", "+shop@").toUpperCase()}`;
  return email;
}
