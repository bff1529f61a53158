/** Shorter ones would take ordinary words apart. */
const SHORTEST = 4;

/** Takes these values out of any text, longest first, as they are and as they stand in a URL. */
export function redaction(secrets: readonly string[]): (text: string) => string {
  const all = secrets.flatMap((each) => (each.length < SHORTEST ? [] : [each, encodeURIComponent(each)]));
  const values = [...new Set(all)].toSorted((a, b) => b.length - a.length);
  return (text) => values.reduce((left, value) => left.replaceAll(value, '***'), text);
}
