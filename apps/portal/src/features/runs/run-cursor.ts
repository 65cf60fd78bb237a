const CURSOR = /^\d{1,17}_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether a text can be a cursor that the list of runs gave out. */
export function isRunCursor(text: string): boolean {
  return CURSOR.test(text);
}
