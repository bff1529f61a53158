import type { Stage } from '../model/backup.ts';
import { BackupError } from '../base/errors.ts';
import type { Command } from '../base/processes.ts';

/** How artifacts are stored (`BACKUP_COMPRESSION`, `COMPRESSION_LEVEL`, `BACKUP_ENCRYPTION`). */
export interface SealSettings {
  readonly compression: 'zstd' | 'gzip' | 'none';
  /** 1 to 9. */
  readonly level: number;
  readonly encryption: boolean;
  /** Of zstd; 0 is one per core. */
  readonly threads: number;
}

/** The stages that settings mean, in the order in which their suffixes are added. */
export function stagesOf(settings: SealSettings): Stage[] {
  const compression: Readonly<Record<SealSettings['compression'], Stage[]>> = {
    zstd: ['zst'],
    gzip: ['gz'],
    none: [],
  };
  return [...compression[settings.compression], ...(settings.encryption ? (['enc'] as const) : [])];
}

/** Undefined when nothing is compressed. */
export function compressor(settings: SealSettings): Command | undefined {
  const level = `-${settings.level}`;
  switch (settings.compression) {
    case 'zstd':
      // -vv: sizes are printed unrounded (programs/util.c, UTIL_makeHumanReadableSize)
      return { file: 'zstd', args: [`-T${settings.threads}`, level, '-vv', '--no-progress', '-c'] };
    case 'gzip':
      return { file: 'gzip', args: ['-n', level, '-c'] };
    case 'none':
      return undefined;
  }
}

/** Undefined when nothing was compressed. */
export function decompressor(stages: readonly Stage[]): Command | undefined {
  // --long: whatever window it was made with is accepted; memory is bounded by the format's own 2 GiB
  if (stages.includes('zst')) return { file: 'zstd', args: ['-d', '-q', '-c', '--long=31'] };
  if (stages.includes('gz')) return { file: 'gzip', args: ['-d', '-c'] };
  return undefined;
}

const SIZES = /\(\s*(\d+)(?: B)? => *(\d+)(?: B)?, /g;

/**
 * How many bytes zstd read, from the report on its standard error. The size it says that it wrote must be the size
 * that arrived: this is what makes the figure one to rely on.
 */
export function zstdInputBytes(stderr: string, written: number): number {
  const [, read = '', printed = ''] = [...stderr.matchAll(SIZES)].at(-1) ?? [];
  if (printed === String(written) && Number.isSafeInteger(Number(read))) return Number(read);
  throw new BackupError(`zstd reported ${printed === '' ? 'no sizes' : `${printed} bytes`}, ${written} arrived`, {
    kind: 'failed',
    hint: 'zstd 1.4 to 1.5 are known to work',
  });
}
