const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

/** The three letters that make a 15-character id safe where case is lost: one bit per upper-case letter, five a letter. */
function caseSuffix(id15: string): string {
  let suffix = "";
  for (let block = 0; block < 3; block += 1) {
    let bits = 0;
    for (let i = 0; i < 5; i += 1) {
      const letter = id15.charAt(block * 5 + i);
      if (letter >= "A" && letter <= "Z") bits |= 1 << i;
    }
    suffix += CHECK.charAt(bits);
  }
  return suffix;
}

/** The 18-character id of the n-th record of an object; ids sort in the order of their numbers. */
export function recordId(keyPrefix: string, number: number): string {
  let tail = "";
  for (let rest = number; tail.length < 9; rest = Math.floor(rest / 62)) tail = BASE62.charAt(rest % 62) + tail;
  const id15 = `${keyPrefix}Nv0${tail}`;
  return id15 + caseSuffix(id15);
}

/** The number inside an id of `recordId`. */
export function recordNumber(id: string): number {
  let number = 0;
  for (const letter of id.slice(6, 15)) number = number * 62 + BASE62.indexOf(letter);
  return number;
}

/** The 18-character form of an id given with 15 or 18 characters; null when it is neither. */
export function id18(id: string): string | null {
  if (!/^[0-9A-Za-z]{15}([0-9A-Za-z]{3})?$/.test(id)) return null;
  const id15 = id.slice(0, 15);
  return id15 + caseSuffix(id15);
}
