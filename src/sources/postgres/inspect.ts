import type { Context, Inspection } from '../../model/source.ts';
import type { PostgresSettings } from './settings.ts';
export async function inspect(_settings: PostgresSettings, _context: Context): Promise<Inspection> {
  return { versions: {}, bytes: 0, findings: [] };
}
