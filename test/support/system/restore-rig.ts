import type { CrashPoint } from '../../../src/base/crash-points.ts';
import { CHANGE, type Fingerprint, fingerprintOf, nameState } from './live.ts';
import type { Service } from '../../../src/model/vocabulary.ts';
import type { ProgramRun } from './program.ts';
import { openRig, takeBackup } from './rig.ts';
import type { Site } from './site.ts';

/** One service with a backup, whose live data has changed since: a restore makes `old` of `new`. */
export interface RestoreRig extends AsyncDisposable {
  readonly service: Service;
  readonly site: Site;
  /** The backup that holds `old`. */
  readonly backup: string;
  /** `old`, `new`, or what differs from both. */
  state(): Promise<string>;
  /** Makes the live data `new` again where a test left them otherwise. */
  renew(): Promise<void>;
  /** Runs a command that kills (or interrupts) itself at the point. */
  endAt(how: 'CRASH' | 'INTERRUPT', point: CrashPoint, args: readonly string[]): Promise<ProgramRun>;
}

export async function openRestoreRig(service: Service): Promise<RestoreRig> {
  await using stack = new AsyncDisposableStack();
  const { site } = stack.use(await openRig([service]));
  const { environment } = site;
  const states: Record<string, Fingerprint> = { old: await fingerprintOf(service, environment) };
  const backup = await takeBackup(site, service);
  const change = async (): Promise<void> => {
    await CHANGE[service](environment);
    states['new'] = await fingerprintOf(service, environment);
  };
  await change();
  const state = (): Promise<string> => nameState(service, environment, states);
  const owned = stack.move();
  return {
    service,
    site,
    backup,
    state,
    async renew() {
      if ((await state()) === 'new') return;
      const undone = await site.run(['recover', 'rollback']);
      if (undone.code !== 0) await change();
    },
    endAt: (how, point, args) => site.run(args, { environment: { [`PHYSICS_BACKUP_${how}_AT`]: point } }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
