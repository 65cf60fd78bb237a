/** Whether a column of an Iceberg table can take a wider type in place (Iceberg spec, "Schema Evolution"). */
export function mayPromote(from: string, to: string): boolean {
  if (from === "int" && to === "long") return true;
  if (from === "float" && to === "double") return true;
  const narrow = /^decimal\((\d+),(\d+)\)$/.exec(from.replaceAll(" ", ""));
  const wide = /^decimal\((\d+),(\d+)\)$/.exec(to.replaceAll(" ", ""));
  return narrow !== null && wide !== null && narrow[2] === wide[2] && Number(wide[1]) > Number(narrow[1]);
}

export function sameType(left: string, right: string): boolean {
  return left.replaceAll(" ", "") === right.replaceAll(" ", "");
}

/** Every value of `from` stands unchanged in a column that becomes `to`, without touching stored rows. */
export function holdsAll(from: string, to: string): boolean {
  return sameType(from, to) || mayPromote(from, to);
}
