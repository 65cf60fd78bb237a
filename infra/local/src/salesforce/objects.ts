/** The four objects of NovaRetail's Salesforce org and their fields; `describe`, SOQL and the seed all read this. */
export const OBJECT_NAMES = ["Account", "Contact", "Opportunity", "Case"] as const;
export type ObjectName = (typeof OBJECT_NAMES)[number];

export type FieldType =
  | "id"
  | "string"
  | "email"
  | "phone"
  | "url"
  | "textarea"
  | "picklist"
  | "reference"
  | "boolean"
  | "currency"
  | "int"
  | "percent"
  | "date"
  | "datetime"
  | "address";

export interface FieldDefinition {
  readonly name: string;
  readonly label: string;
  readonly type: FieldType;
  readonly length: number;
  readonly nillable: boolean;
  readonly custom: boolean;
  readonly externalId: boolean;
  /** Filled by Salesforce; a client may not write it. */
  readonly readOnly: boolean;
  readonly picklist: readonly string[];
  readonly referenceTo: readonly string[];
  /** Field whose parts this one is: `MailingCity` is part of `MailingAddress`, `LastName` of `Name`. */
  readonly compound: string | null;
}

export interface ObjectDefinition {
  readonly name: ObjectName;
  readonly label: string;
  readonly labelPlural: string;
  readonly keyPrefix: string;
  readonly fields: readonly FieldDefinition[];
}

type Extra = Partial<Omit<FieldDefinition, "name" | "label" | "type">>;

const LENGTH: Readonly<Record<FieldType, number>> = {
  id: 18,
  string: 255,
  email: 80,
  phone: 40,
  url: 255,
  textarea: 32_000,
  picklist: 255,
  reference: 18,
  boolean: 0,
  currency: 0,
  int: 0,
  percent: 0,
  date: 0,
  datetime: 0,
  address: 0,
};

function field(name: string, label: string, type: FieldType, extra: Extra = {}): FieldDefinition {
  return {
    name,
    label,
    type,
    length: LENGTH[type],
    nillable: true,
    custom: name.endsWith("__c"),
    externalId: false,
    readOnly: type === "address",
    picklist: [],
    referenceTo: [],
    compound: null,
    ...extra,
  };
}

const must = { nillable: false } as const;
const system = { nillable: false, readOnly: true } as const;
const user = { ...system, referenceTo: ["User"] } as const;

const HEAD = [field("Id", "Record ID", "id", system), field("IsDeleted", "Deleted", "boolean", system)];
const TAIL = [
  field("OwnerId", "Owner ID", "reference", { nillable: false, referenceTo: ["User"] }),
  field("CreatedDate", "Created Date", "datetime", system),
  field("CreatedById", "Created By ID", "reference", user),
  field("LastModifiedDate", "Last Modified Date", "datetime", system),
  field("LastModifiedById", "Last Modified By ID", "reference", user),
  field("SystemModstamp", "System Modstamp", "datetime", system),
];

function address(kind: "Billing" | "Mailing"): FieldDefinition[] {
  const part = { compound: `${kind}Address` };
  return [
    field(`${kind}Street`, `${kind} Street`, "textarea", { ...part, length: 255 }),
    field(`${kind}City`, `${kind} City`, "string", { ...part, length: 40 }),
    field(`${kind}PostalCode`, `${kind} Zip/Postal Code`, "string", { ...part, length: 20 }),
    field(`${kind}Country`, `${kind} Country`, "string", { ...part, length: 80 }),
    field(`${kind}Address`, `${kind} Address`, "address"),
  ];
}

export const INDUSTRIES = [
  "Retail",
  "Hospitality",
  "Education",
  "Healthcare",
  "Manufacturing",
  "Media",
  "Government",
  "Technology",
] as const;
export const STAGES = [
  "Prospecting",
  "Qualification",
  "Proposal/Price Quote",
  "Negotiation/Review",
  "Closed Won",
  "Closed Lost",
] as const;
export const CASE_STATUSES = ["New", "Working", "Escalated", "Closed"] as const;
export const CASE_ORIGINS = ["Phone", "Email", "Web", "Chat"] as const;
export const SEGMENTS = ["New", "Loyal", "At risk", "Bargain", "Premium"] as const;
export const LEAD_SOURCES = ["Web", "Store", "Phone Inquiry", "Partner Referral", "Purchased List", "Other"] as const;

const toAccount = { referenceTo: ["Account"] } as const;
const toContact = { referenceTo: ["Contact"] } as const;

export const OBJECTS: Readonly<Record<ObjectName, ObjectDefinition>> = {
  Account: {
    name: "Account",
    label: "Account",
    labelPlural: "Accounts",
    keyPrefix: "001",
    fields: [
      ...HEAD,
      field("Name", "Account Name", "string", must),
      field("Type", "Account Type", "picklist", { picklist: ["Business Customer", "Prospect", "Reseller", "Other"] }),
      field("Industry", "Industry", "picklist", { picklist: INDUSTRIES }),
      field("AccountNumber", "Account Number", "string", { length: 40 }),
      field("Phone", "Account Phone", "phone"),
      field("Website", "Website", "url"),
      ...address("Billing"),
      field("NumberOfEmployees", "Employees", "int"),
      field("AnnualRevenue", "Annual Revenue", "currency"),
      field("Rating", "Account Rating", "picklist", { picklist: ["Hot", "Warm", "Cold"] }),
      field("Description", "Account Description", "textarea"),
      ...TAIL,
    ],
  },
  Contact: {
    name: "Contact",
    label: "Contact",
    labelPlural: "Contacts",
    keyPrefix: "003",
    fields: [
      ...HEAD,
      field("AccountId", "Account ID", "reference", toAccount),
      field("Salutation", "Salutation", "picklist", { compound: "Name", picklist: ["Mr.", "Ms.", "Mx.", "Dr."] }),
      field("FirstName", "First Name", "string", { compound: "Name", length: 40 }),
      field("LastName", "Last Name", "string", { compound: "Name", length: 80, nillable: false }),
      field("Name", "Full Name", "string", { ...system, length: 121 }),
      field("Email", "Email", "email"),
      field("Phone", "Business Phone", "phone"),
      field("MobilePhone", "Mobile Phone", "phone"),
      field("Title", "Title", "string", { length: 128 }),
      field("Birthdate", "Birthdate", "date"),
      ...address("Mailing"),
      field("LeadSource", "Lead Source", "picklist", { picklist: LEAD_SOURCES }),
      field("HasOptedOutOfEmail", "Email Opt Out", "boolean", must),
      field("Description", "Contact Description", "textarea"),
      field("Order_Customer_Id__c", "Order Customer Id", "string", { externalId: true, length: 18 }),
      field("Marketing_Segment__c", "Marketing Segment", "picklist", { picklist: SEGMENTS }),
      ...TAIL,
    ],
  },
  Opportunity: {
    name: "Opportunity",
    label: "Opportunity",
    labelPlural: "Opportunities",
    keyPrefix: "006",
    fields: [
      ...HEAD,
      field("AccountId", "Account ID", "reference", toAccount),
      field("ContactId", "Contact ID", "reference", toContact),
      field("Name", "Name", "string", { ...must, length: 120 }),
      field("StageName", "Stage", "picklist", { ...must, picklist: STAGES }),
      field("Amount", "Amount", "currency"),
      field("Probability", "Probability (%)", "percent"),
      field("CloseDate", "Close Date", "date", must),
      field("Type", "Opportunity Type", "picklist", { picklist: ["New Business", "Existing Business"] }),
      field("LeadSource", "Lead Source", "picklist", { picklist: LEAD_SOURCES }),
      field("IsClosed", "Closed", "boolean", system),
      field("IsWon", "Won", "boolean", system),
      ...TAIL,
    ],
  },
  Case: {
    name: "Case",
    label: "Case",
    labelPlural: "Cases",
    keyPrefix: "500",
    fields: [
      ...HEAD,
      field("CaseNumber", "Case Number", "string", { ...system, length: 30 }),
      field("ContactId", "Contact ID", "reference", toContact),
      field("AccountId", "Account ID", "reference", toAccount),
      field("Subject", "Subject", "string"),
      field("Description", "Description", "textarea"),
      field("Status", "Status", "picklist", { picklist: CASE_STATUSES }),
      field("Origin", "Case Origin", "picklist", { picklist: CASE_ORIGINS }),
      field("Priority", "Priority", "picklist", { picklist: ["Low", "Medium", "High"] }),
      field("Reason", "Case Reason", "picklist", {
        picklist: ["Delivery", "Damaged goods", "Refund", "Account", "Other"],
      }),
      field("IsClosed", "Closed", "boolean", system),
      field("ClosedDate", "Closed Date", "datetime", { readOnly: true }),
      field("Order_Id__c", "Order Id", "string", { length: 18 }),
      ...TAIL,
    ],
  },
};

/** The object a client names, in any case; undefined when the org has none of that name. */
export function objectNamed(name: string): ObjectDefinition | undefined {
  const found = OBJECT_NAMES.find((candidate) => candidate.toLowerCase() === name.toLowerCase());
  return found === undefined ? undefined : OBJECTS[found];
}

/** The field a client names, in any case. */
export function fieldNamed(object: ObjectDefinition, name: string): FieldDefinition | undefined {
  return object.fields.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
}
