export const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;
const LAST_SAFE_DAY = 28;

/** An ISO 8601 time with a zone that is a real day: `Date` alone takes 30 February for 2 March, the lake does not. */
export function isTime(text: string): boolean {
  if (!ISO_TIME.test(text) || Number.isNaN(Date.parse(text))) return false;
  const day = Number(text.slice(8, 10));
  return day <= LAST_SAFE_DAY || new Date(text.slice(0, 10)).getUTCDate() === day;
}
