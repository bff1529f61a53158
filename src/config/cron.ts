interface Field {
  /** The longest step: all of its values. */
  readonly size: number;
  readonly min: number;
  readonly max: number;
  readonly names: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const FIELDS: readonly Field[] = [
  { size: 60, min: 0, max: 59, names: [] },
  { size: 24, min: 0, max: 23, names: [] },
  { size: 31, min: 1, max: 31, names: [] },
  { size: 12, min: 1, max: 12, names: MONTHS },
  { size: 7, min: 0, max: 7, names: WEEKDAYS },
];

/** Whether the text is a cron expression of five fields: crontab(5) without its `@daily` words. */
export function isCron(text: string): boolean {
  const fields = text.trim().toLowerCase().split(/\s+/);
  return fields.length === FIELDS.length && FIELDS.every((field, index) => isField(fields[index] ?? '', field));
}

function isField(text: string, field: Field): boolean {
  return text.split(',').every((part) => {
    const [, range = '', step] = /^([^/]+)(?:\/(\d{1,2}))?$/.exec(part) ?? [];
    return isRange(range, field) && (step === undefined || isStep(range, Number(step), field));
  });
}

/** Of a range: what a step after a single number means, not all programs agree upon. */
function isStep(range: string, step: number, { size }: Field): boolean {
  return /[*-]/.test(range) && step > 0 && step <= size;
}

function isRange(text: string, field: Field): boolean {
  if (text === '*') return true;
  const ends = text.split('-').map((end) => numberOf(end, field));
  const [from = Number.NaN, to = from] = ends;
  return ends.length <= 2 && from >= field.min && to <= field.max && from <= to;
}

function numberOf(text: string, field: Field): number {
  const named = field.names.indexOf(text);
  if (named >= 0) return named + field.min;
  return /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
}
