import { chmod, chown, stat } from 'node:fs/promises';
import type { Context } from '../../model/source.ts';

/** Mode, owner and time of a directory as text: `0755 0:0 1700000000.123456789`. */
export async function attributesOf(directory: string): Promise<string> {
  const { mode, uid, gid, mtimeNs } = await stat(directory, { bigint: true });
  const time = `${mtimeNs / 1_000_000_000n}.${String(mtimeNs % 1_000_000_000n).padStart(9, '0')}`;
  return `${(mode & 0o7777n).toString(8).padStart(4, '0')} ${uid}:${gid} ${time}`;
}

/** Node sets times as doubles of seconds, which lose nanoseconds: touch(1) does not. */
export async function setAttributes(directory: string, attributes: string, context: Context): Promise<void> {
  const [mode = '', owner = '', time = ''] = attributes.split(' ');
  const [uid, gid] = owner.split(':').map(Number);
  const now = await stat(directory);
  if (uid !== undefined && gid !== undefined && (now.uid !== uid || now.gid !== gid)) await chown(directory, uid, gid);
  await chmod(directory, Number.parseInt(mode, 8));
  await context.processes.run({ file: 'touch', args: [`--date=@${time}`, '--', directory] }, context.signal);
}
