import type { PiiTag } from "@nova/pipeline-core/catalog";

/** First rule that matches a column's lower-case name decides. Values are never looked at. */
const RULES: readonly (readonly [RegExp, PiiTag])[] = [
  [/(^|_)(e_?mail)s?($|_(address|to)$)/, "direct"],
  [/^(email|hasoptedoutofemail_address)$/, "direct"],
  [/(^|_)(phone|mobile|mobilephone|fax)(_number)?$/, "direct"],
  [/^(firstname|lastname|first_name|last_name|full_name|family_name|given_name|maiden_name)$/, "direct"],
  [/(birth_?date|date_of_birth)/, "direct"],
  [/(^|_)(street|mailingstreet|billingstreet|address_line)\d?$/, "direct"],
  [/(^|_)(iban|tax_id|passport|social_security|national_id|licence_number)($|_)/, "direct"],
  [/(gift_message|delivery_instructions|(^|_)notes?$|(^|_)remarks?$)/, "direct"],
  [/(^|_)(ip|ip_address|user_agent|device_id)$/, "indirect"],
  [/(^|_)(customer|contact|employee|account|person|user|member)_?id($|_)/, "indirect"],
  [/(^|_)(city|postal_code|postalcode|mailingcity|billingcity|mailingpostalcode|billingpostalcode|zip)$/, "indirect"],
  [/(salary|gender|nationality|religion)/, "direct"],
  [/(signature|photo|avatar)/, "direct"],
];

/** Streams whose plain `name` is a person's name. */
const PERSON_NAMES = /(^|[._])(contact|employees?|customers?|recipients?|lead)$/i;

/** How personal a column of a stream is, judged by its name. */
export function piiTag(stream: string, column: string): PiiTag {
  const name = column.toLowerCase();
  if (name === "name" && PERSON_NAMES.test(stream)) return "direct";
  return RULES.find(([pattern]) => pattern.test(name))?.[1] ?? "none";
}
