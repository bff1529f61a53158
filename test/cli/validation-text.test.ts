import { expect, test } from 'vitest';
import { documentOf, type ValidationDocument } from '../../src/cli/validation-report.ts';
import { validationText } from '../../src/cli/validation-text.ts';
import type { ValidatedBackup, ValidationReport } from '../../src/coordination/validate.ts';
import { BackupError } from '../../src/base/errors.ts';
import type { ValidationOutcome } from '../../src/model/backup.ts';

const AT = '2026-08-16T09:00:00.000Z';
const LONGEST = 'application_incremental_20260816_050000';

function outcome(level: ValidationOutcome['level'], more: Partial<ValidationOutcome> = {}): ValidationOutcome {
  return { level, passed: true, at: AT, seconds: 86_399, errors: [], warnings: [], ...more };
}

const good: ValidatedBackup = {
  backup: LONGEST,
  storedBytes: 1023.9 * 1024 ** 2,
  outcomes: [outcome('integrity'), outcome('content')],
};

function document(report: Partial<ValidationReport>): ValidationDocument {
  const frame = { selection: 'all', levels: ['integrity', 'content'], at: AT, seconds: 86_399.12345 } as const;
  return documentOf({ backups: [], damage: [], troubles: [], ...report }, frame);
}

function linesOf(report: Partial<ValidationReport>): string[] {
  return validationText(document(report)).split('\n');
}

test('all good: the line that matters is the first, then each check with its time, each backup with its size', () => {
  expect(validationText(document({ backups: [good] }))).toBe(
    `VALIDATION: good - 1 backup checked: 1 good, 0 bad
as of 2026-08-16 09:00:00 UTC; all backups; integrity, content; took 23 h 59 min

NEEDS YOU: nothing

SERVICE      GOOD  BAD        SIZE      TIME
application     1    0  1023.9 MiB  1 d 23 h

BACKUP, CHECK                            RESULT        SIZE         TIME
${LONGEST}  good    1023.9 MiB     1 d 23 h
  integrity                              passed              23 h 59 min
  content                                passed              23 h 59 min`,
  );
});

test('a bad one, damage and what could not be looked at are said first, with what to do, and nothing is wider than 80', () => {
  const errors = [
    'the tag of segment 3 of its main artifact is not what it was when it was written, nor is its hash',
    'b',
  ];
  const bad = { ...good, outcomes: [outcome('integrity', { passed: false, errors })] };
  const warned = { ...good, outcomes: [outcome('integrity'), outcome('content', { warnings: ['a role\nis  gone'] })] };
  const lines = linesOf({
    backups: [bad, warned],
    damage: [
      {
        service: 'postgres',
        found: { message: `postgres: number 7 is missing: ${'word '.repeat(30).trim()}`, kind: 'damaged' },
      },
    ],
    troubles: [
      {
        service: 'redis',
        error: new BackupError('the agent of redis is not there', { kind: 'unreachable', hint: 'start it' }),
      },
    ],
  });
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  expect(lines.slice(0, 12)).toEqual([
    'VALIDATION: BAD - 2 backups checked: 1 good, 1 bad; 1 finding of damage; 1 could',
    '  not be checked; 1 warning',
    'as of 2026-08-16 09:00:00 UTC; all backups; integrity, content; took 23 h 59 min',
    '',
    'NEEDS YOU: 3',
    `!! ${LONGEST} failed its integrity check: the tag`,
    '   of segment 3 of its main artifact is not what it was when it was written, nor',
    '   is its hash (and 1 error more, below)',
    '!! postgres: number 7 is missing: word word word word word word word word word',
    '   word word word word word word word word word word word word word word word',
    '   word word word word word word',
    '   -> see what is still good: physics-backup list',
  ]);
  expect(lines).toContain('!! the agent of redis is not there');
  expect(lines).toContain('   -> start it');
  expect(lines.filter((line) => / {2}content +not run$/.test(line))).toHaveLength(1);
  expect(lines).toContain('    !! b');
  expect(lines.at(-1)).toBe('     ! a role is gone');
});

test.each<[string, Partial<ValidationReport>, RegExp]>([
  ['nothing to check', {}, /^VALIDATION: NOTHING CHECKED - there is no backup to validate$/],
  [
    'something that could not be looked at',
    { backups: [good], troubles: [{ service: 'redis', error: new Error('gone') }] },
    /^VALIDATION: INCOMPLETE - 1 backup checked: 1 good, 0 bad; 1 could not be checked$/,
  ],
  [
    'damage alone',
    { damage: [{ service: 'redis', found: { message: 'gone', kind: 'damaged' } }] },
    /^VALIDATION: BAD - 0 backups checked: 0 good, 0 bad; 1 finding of damage$/,
  ],
])('%s is never called good', (_, report, first) => {
  expect(linesOf(report)[0]).toMatch(first);
});

test('the same as data', () => {
  expect(document({ backups: [good], troubles: [{ service: 'redis', error: new Error('gone') }] })).toEqual({
    format: 1,
    at: AT,
    seconds: 86_399.123,
    selection: 'all',
    levels: ['integrity', 'content'],
    summary: { backups: 1, good: 1, bad: 0, damage: 0, troubles: 1, warnings: 0 },
    backups: [
      {
        ...good,
        service: 'application',
        type: 'incremental',
        good: true,
        seconds: 172_798,
      },
    ],
    damage: [],
    troubles: [{ service: 'redis', kind: 'internal', message: 'gone', hint: null }],
  });
});
