import { describe, expect, test } from 'vitest';
import { propertyStatements } from '../../../src/sources/postgres/apply-properties.ts';
import { formatMarker, type Marker, parseMarker } from '../../../src/sources/postgres/marker.ts';
import { asideNames } from '../../../src/sources/postgres/names.ts';
import type { Properties } from '../../../src/sources/postgres/properties.ts';
import { parseVersion } from '../../../src/sources/postgres/tools.ts';

const AT = '2026-08-16T02:00:00.000Z';

describe('names of databases beside the live one', () => {
  test('say whose and when', () => {
    expect(asideNames('physics', AT, new Set())).toEqual({
      staged: 'physics_restore_20260816_020000',
      replaced: 'physics_replaced_20260816_020000',
    });
  });

  test.each(['a'.repeat(63), 'ä'.repeat(31), '🙂'.repeat(15), 'x'])(
    'fit into 63 bytes, cut between characters: %s',
    (name) => {
      const { staged, replaced } = asideNames(name, AT, new Set());
      for (const each of [staged, replaced]) {
        expect(Buffer.byteLength(each)).toBeLessThanOrEqual(63);
        expect(Buffer.from(each).toString()).toBe(each);
        expect(name.startsWith(each.slice(0, each.lastIndexOf('_re')))).toBe(true);
      }
    },
  );

  test('are never taken already', () => {
    const first = asideNames('physics', AT, new Set());
    expect(asideNames('physics', AT, new Set([first.replaced])).staged).toBe('physics_restore_20260816_020000_2');
  });
});

describe('the mark of a database', () => {
  const marker: Marker = {
    restore: 'token',
    part: 'staged',
    onceLive: { comment: `it's "so"`, connectionLimit: -1, isTemplate: false, allowConnections: true },
  };

  test('is read as it was written', () => {
    expect(parseMarker(formatMarker(marker))).toEqual(marker);
  });

  test.each([null, '', 'a comment', 'physics-backup restore {', 'physics-backup restore {"restore":"x"}'])(
    'is not in %j',
    (comment) => {
      expect(parseMarker(comment)).toBeUndefined();
    },
  );
});

test.each([
  ['search_path', '"odd ""schema""", public', `'odd "schema"', 'public'`],
  ['search_path', '', `''`],
  ['search_path', '"$user", public', `'$user', 'public'`],
  ['app.setting', `a'b, "c"`, `'a''b, "c"'`],
])('setting %s = %s is written as it is kept', (name, value, sql) => {
  const properties = { privileges: null, settings: [{ role: null, name, value }] } as unknown as Properties;
  expect(propertyStatements('d', properties)).toEqual([`ALTER DATABASE "d" SET "${name}" TO ${sql}`]);
});

test.each([
  ['15.18 (Debian 15.18-0+deb12u1)', '15.18', 15],
  ['17beta1', '17beta1', 17],
  ['9.6.24', '9.6.24', 9],
])('version %s', (text, version, major) => {
  expect(parseVersion(text)).toEqual({ text: version, major });
});
