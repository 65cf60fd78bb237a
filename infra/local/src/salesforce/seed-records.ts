import { hash32, messyEmail, PEOPLE, person, type Person } from "../people.ts";
import {
  CASE_ORIGINS,
  CASE_STATUSES,
  INDUSTRIES,
  LEAD_SOURCES,
  type ObjectName,
  OBJECTS,
  SEGMENTS,
  STAGES,
} from "./objects.ts";
import { recordId } from "./record-id.ts";

export type FieldValue = string | number | boolean | null;
/** One record, every field present. Never changed in place: a change puts a new object in the store. */
export type SObjectRecord = Readonly<Record<string, FieldValue>>;
export type RecordCounts = Readonly<Record<ObjectName, number>>;

/** NovaRetail's org at demo scale. */
export const DEMO_COUNTS: RecordCounts = { Account: 2_000, Contact: 12_000, Opportunity: 5_000, Case: 6_000 };

/** An org of so many records in all, its objects in the proportions of the demo's. */
export function countsOf(records: number): RecordCounts {
  const whole = Object.values(DEMO_COUNTS).reduce((sum, count) => sum + count, 0);
  const part = (object: ObjectName): number => Math.round((records * DEMO_COUNTS[object]) / whole);
  return { Account: part("Account"), Contact: part("Contact"), Opportunity: part("Opportunity"), Case: part("Case") };
}

const DAY = 86_400_000;
/** Leads are people who never bought: indexes that no sign-up reaches. */
const FIRST_LEAD = 1_000_000;
/** Coprime with PEOPLE, so the first PEOPLE contacts are all different people. */
const STRIDE = 7_919;
const OWNERS = 12;

const BUSINESS_HEADS = [
  "Blue Harbor",
  "Nordlicht",
  "Monte Verde",
  "Old Mill",
  "Silverline",
  "Atelier Roux",
  "Kaspar & Töchter",
  "Redwood",
  "Lumen",
  "Città Nuova",
];
const BUSINESS_TAILS = [
  "Hotels",
  "Foods",
  "Clinics",
  "Studios",
  "Logistics",
  "School Group",
  "Events",
  "Partners",
  "Outfitters",
  "Works",
];
const SUBJECTS = [
  "Parcel has not arrived",
  "Wrong size delivered",
  "Refund not received",
  "Cannot sign in",
  "Item damaged in transit",
  "Change of delivery address",
  "Invoice needed",
  "Question about warranty",
];
const PROBABILITY = [10, 20, 60, 80, 100, 0];

const pick = <T>(items: readonly T[], number: number, salt: string): T =>
  items[hash32(number, salt) % items.length] as T;
const chance = (number: number, salt: string, percent: number): boolean => hash32(number, salt) % 100 < percent;

/** A Salesforce datetime: whole seconds, so several records of one second share a stamp. */
export const wholeSecond = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}.000Z`;
export const ownerId = (number: number): string => recordId("005", number % OWNERS);

/** The person behind the n-th contact: nine in ten are NovaRetail's customers, the others leads of Salesforce's own. */
export function contactPerson(number: number): { who: Person; customer: boolean } {
  const customer = number % 10 !== 9 && number < PEOPLE;
  return { who: person(customer ? (number * STRIDE) % PEOPLE : FIRST_LEAD + number), customer };
}

/** The system fields of a record created at `created` and last touched at `touched` (ms). */
function stamps(object: ObjectName, number: number, created: number, touched: number): Record<string, FieldValue> {
  return {
    Id: recordId(OBJECTS[object].keyPrefix, number),
    IsDeleted: false,
    OwnerId: ownerId(hash32(number, "owner")),
    CreatedDate: wholeSecond(created),
    CreatedById: ownerId(hash32(number, "creator")),
    LastModifiedDate: wholeSecond(touched),
    LastModifiedById: ownerId(hash32(number, "modifier")),
    SystemModstamp: wholeSecond(touched),
  };
}

/** Somewhere in the `days` before `until`, by hash. */
const before = (number: number, salt: string, until: number, days: number): number =>
  until - (hash32(number, salt) % (days * 86_400)) * 1000;

function account(number: number, created: number, touched: number): SObjectRecord {
  const where = person(FIRST_LEAD * 2 + number);
  const name = `${pick(BUSINESS_HEADS, number, "head")} ${pick(BUSINESS_TAILS, number, "tail")}${number >= 100 ? ` ${Math.floor(number / 100)}` : ""}`;
  return {
    ...stamps("Account", number, created, touched),
    Name: name,
    Type: pick(["Business Customer", "Business Customer", "Prospect", "Reseller", "Other"], number, "account type"),
    Industry: pick(INDUSTRIES, number, "industry"),
    AccountNumber: `NR-${String(number + 1).padStart(6, "0")}`,
    Phone: where.phone,
    Website: `https://www.${name
      .toLowerCase()
      .normalize("NFD")
      .replaceAll(/[^a-z0-9]+/g, "-")}.example`,
    BillingStreet: where.street,
    BillingCity: where.city,
    BillingPostalCode: where.postalCode,
    BillingCountry: where.country,
    NumberOfEmployees: 3 + (hash32(number, "employees") % 4_000),
    AnnualRevenue: (50 + (hash32(number, "revenue") % 90_000)) * 1000,
    Rating: chance(number, "rated", 70) ? pick(["Hot", "Warm", "Cold"], number, "rating") : null,
    Description: null,
  };
}

function contact(number: number, created: number, touched: number, accounts: number): SObjectRecord {
  const { who, customer } = contactPerson(number);
  const knowsOrderId = customer && chance(number, "knows order id", 67);
  return {
    ...stamps("Contact", number, created, touched),
    AccountId:
      accounts > 0 && chance(number, "has account", 20)
        ? recordId(OBJECTS.Account.keyPrefix, hash32(number, "account") % accounts)
        : null,
    Salutation: chance(number, "salutation", 40)
      ? pick(["Mr.", "Ms.", "Mx.", "Dr."], number, "which salutation")
      : null,
    FirstName: who.firstName,
    LastName: who.lastName,
    Name: `${who.firstName} ${who.lastName}`,
    Email: chance(number, "no email", 3) ? null : messyEmail(who, "salesforce"),
    Phone: who.phone,
    MobilePhone: chance(number, "mobile", 30) ? who.phone.replaceAll(/[^+\d]/g, "") : null,
    Title: null,
    Birthdate: chance(number, "birthdate", 75) ? who.birthDate : null,
    MailingStreet: who.street,
    MailingCity: who.city,
    MailingPostalCode: who.postalCode,
    MailingCountry: who.country,
    LeadSource: pick(LEAD_SOURCES, number, "lead source"),
    HasOptedOutOfEmail: chance(number, "opted out", 12),
    Description: null,
    Order_Customer_Id__c: knowsOrderId ? String(who.customerId) : null,
    Marketing_Segment__c: pick(SEGMENTS, number, "segment"),
  };
}

function opportunity(number: number, created: number, touched: number, counts: RecordCounts): SObjectRecord {
  const stage = hash32(number, "stage") % STAGES.length;
  const accountNumber = hash32(number, "opportunity account") % Math.max(1, counts.Account);
  return {
    ...stamps("Opportunity", number, created, touched),
    AccountId: counts.Account > 0 ? recordId(OBJECTS.Account.keyPrefix, accountNumber) : null,
    ContactId:
      counts.Contact > 0 && chance(number, "opportunity contact", 50)
        ? recordId(OBJECTS.Contact.keyPrefix, hash32(number, "which contact") % counts.Contact)
        : null,
    Name: `${pick(["Bulk order", "Yearly supply", "Uniforms", "Gift boxes", "Store fitting"], number, "deal")} ${number + 1}`,
    StageName: STAGES[stage] as string,
    Amount: 100 + (hash32(number, "amount") % 250_000) + (hash32(number, "cents") % 100) / 100,
    Probability: PROBABILITY[stage] as number,
    CloseDate: new Date(created + (hash32(number, "close") % 120) * DAY).toISOString().slice(0, 10),
    Type: chance(number, "new business", 40) ? "New Business" : "Existing Business",
    LeadSource: pick(LEAD_SOURCES, number, "opportunity source"),
    IsClosed: stage >= 4,
    IsWon: stage === 4,
  };
}

function supportCase(number: number, created: number, touched: number, counts: RecordCounts): SObjectRecord {
  const status = pick(CASE_STATUSES, number, "case status");
  return {
    ...stamps("Case", number, created, touched),
    CaseNumber: String(10_000 + number).padStart(8, "0"),
    ContactId:
      counts.Contact > 0 ? recordId(OBJECTS.Contact.keyPrefix, hash32(number, "case contact") % counts.Contact) : null,
    AccountId: null,
    Subject: pick(SUBJECTS, number, "subject"),
    Description: chance(number, "described", 60)
      ? `The customer wrote:\n"${pick(SUBJECTS, number, "words")}, please help."`
      : null,
    Status: status,
    Origin: pick(CASE_ORIGINS, number, "origin"),
    Priority: pick(["Low", "Medium", "Medium", "High"], number, "priority"),
    Reason: pick(["Delivery", "Damaged goods", "Refund", "Account", "Other"], number, "reason"),
    IsClosed: status === "Closed",
    ClosedDate: status === "Closed" ? wholeSecond(touched) : null,
    Order_Id__c: chance(number, "about an order", 45) ? String(1 + (hash32(number, "order") % 200_000)) : null,
  };
}

function build(
  object: ObjectName,
  number: number,
  created: number,
  touched: number,
  counts: RecordCounts,
): SObjectRecord {
  switch (object) {
    case "Account":
      return account(number, created, touched);
    case "Contact":
      return contact(number, created, touched, counts.Account);
    case "Opportunity":
      return opportunity(number, created, touched, counts);
    case "Case":
      return supportCase(number, created, touched, counts);
  }
}

/** The n-th record as it stood when the org was set up at `seededAt` (ms): the same on every start. */
export function seedRecord(object: ObjectName, number: number, seededAt: number, counts: RecordCounts): SObjectRecord {
  const signUp = object === "Contact" ? Date.parse(contactPerson(number).who.createdAt) : Number.POSITIVE_INFINITY;
  const created = Math.min(before(number, `${object} created`, seededAt, 400), signUp);
  const touched = before(number, `${object} touched`, seededAt, Math.max(1, Math.floor((seededAt - created) / DAY)));
  return build(object, number, created, Math.max(created, touched), counts);
}

/** The n-th record as somebody creates it at `at` (ms). */
export function newRecord(object: ObjectName, number: number, at: number, counts: RecordCounts): SObjectRecord {
  return build(object, number, at, at, counts);
}
