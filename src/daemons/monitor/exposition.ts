export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** All samples of one name. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter';
  readonly samples: readonly Sample[];
}

export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * The text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats). A family without samples is left out: what
 * is not known is absent.
 */
export function exposition(families: readonly Family[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .map((each) => familyText(each))
    .join('');
}

function familyText({ name, help, type, samples }: Family): string {
  const explained = help.replaceAll('\\', String.raw`\\`).replaceAll('\n', String.raw`\n`);
  const lines = samples.map(({ labels, value }) => `${name}${labelsText(labels)} ${value}\n`);
  return `# HELP ${name} ${explained}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value
    .replaceAll('\\', '\\\\')
    .replaceAll('"', String.raw`\"`)
    .replaceAll('\n', String.raw`\n`);
}

/** A sample where there is a value, none where there is not. */
export function sampleOf(labels: Labels, value: number | boolean | undefined): Sample[] {
  return value === undefined || Number.isNaN(value) ? [] : [{ labels, value: Number(value) }];
}

/** Seconds since 1970 of an instant; undefined of none. */
export function timestamp(instant: string | undefined): number | undefined {
  return instant === undefined ? undefined : Date.parse(instant) / 1000;
}
