import type { Entry } from './entry.ts';
import { entryType, nanoseconds, type PaxRecords, type TarHeader } from './tar-header.ts';

/** An entry as header and extended records tell it (records win), and how many bytes are stored for it. */
export function describeEntry(header: TarHeader, pax: PaxRecords): { entry: Entry; stored: number } {
  const type = entryType(header.typeflag);
  const isFile = type === 'file';
  const stored = number(pax, 'size') ?? header.size;
  const target = targetOf(header, pax);
  const entry: Entry = {
    path: pathOf(header, pax),
    type,
    mode: type === 'symlink' ? 0 : header.mode & 0o7777,
    uid: number(pax, 'uid') ?? header.uid,
    gid: number(pax, 'gid') ?? header.gid,
    size: isFile ? (number(pax, 'GNU.sparse.realsize') ?? stored) : 0,
    mtime: nanoseconds(pax.get('mtime')?.toString() ?? String(header.mtime)),
  };
  return { entry: target === undefined ? entry : { ...entry, target }, stored: isFile ? stored : 0 };
}

function pathOf({ name }: TarHeader, pax: PaxRecords): Buffer {
  return withoutSlash(pax.get('GNU.sparse.name') ?? pax.get('path') ?? name);
}

/** Hard links name an entry of the archive, symbolic links any text. */
function targetOf({ typeflag, linkname }: TarHeader, pax: PaxRecords): Buffer | undefined {
  if (typeflag === '1') return withoutSlash(pax.get('linkpath') ?? linkname);
  return typeflag === '2' ? (pax.get('linkpath') ?? linkname) : undefined;
}

function number(pax: PaxRecords, keyword: string): number | undefined {
  const digits = pax.get(keyword)?.toString();
  return digits === undefined ? undefined : Number(digits);
}

function withoutSlash(name: Buffer): Buffer {
  return name.at(-1) === 0x2f ? name.subarray(0, -1) : name;
}
