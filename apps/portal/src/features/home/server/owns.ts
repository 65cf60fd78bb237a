/** Does this person answer for datasets of this owner? An owner is a person, or a team that the person's title names. */
export function owns(
  person: { readonly name: string; readonly email: string; readonly title: string },
  owner: string,
): boolean {
  const team = plain(owner);
  if (team === "") return false;
  return (
    team === plain(person.name) ||
    owner.toLowerCase() === person.email.toLowerCase() ||
    ` ${plain(person.title)} `.includes(` ${team} `)
  );
}

function plain(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, " ")
    .trim();
}
