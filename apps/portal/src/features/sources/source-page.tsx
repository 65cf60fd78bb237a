export function SourcePage({ source }: { readonly source: string }) {
  return <p>{source}</p>;
}
