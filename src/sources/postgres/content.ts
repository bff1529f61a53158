import type { ContentReport, Context, ReadableBackup } from '../../model/source.ts';
export async function checkContent(_backup: ReadableBackup, _context: Context): Promise<ContentReport> {
  return { errors: [], warnings: [] };
}
