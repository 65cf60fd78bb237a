export function SourcesPage() {
  return <p>sources</p>;
}
