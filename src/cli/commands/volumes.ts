import type { Command } from 'commander';
import { BackupError } from '../../base/errors.ts';
import { nearest } from '../../base/nearest.ts';
import type { VolumeSituation } from '../../model/situation.ts';
import type { Act, Invocation } from '../invocation.ts';
import type { Outcome } from '../outcome.ts';
import { volumesText } from '../situation-text.ts';

export function registerVolumes(program: Command, act: Act): void {
  program
    .command('volumes')
    .description('how full the volumes are, those of backups and those mounted below VOLUMES_DIR')
    .argument('[volume]', 'postgres-data, backup-postgres, … or all', 'all')
    .option('--report', 'write it as JSON too, below LOG_DIR/volume-health')
    .action((volume: string, options: { report?: boolean }) =>
      act((invocation) => volumes(volume, options.report ?? false, invocation)),
    );
}

async function volumes(word: string, isReport: boolean, { host }: Invocation): Promise<Outcome> {
  const { at, volumes: all } = await host.situation();
  const chosen = word === 'all' ? all : all.filter(({ volume }) => volume === word);
  if (chosen.length === 0) throw unknownVolume(word, all);
  const file = isReport ? await host.writeReport('volumes', { format: 1, at, volumes: chosen }, at) : undefined;
  return {
    data: { at, volumes: chosen, ...(file === undefined ? {} : { file }) },
    text: [volumesText(chosen), ...(file === undefined ? [] : [file])].join('\n'),
    warnings: chosen.flatMap((each) => warningOf(each)),
  };
}

function warningOf({ volume, health, usedPercent, why }: VolumeSituation): string[] {
  if (health === 'ok') return [];
  return [
    usedPercent === undefined
      ? `volume ${volume}: ${why ?? 'nothing is known of it'}`
      : `volume ${volume} is ${usedPercent.toFixed(0)} % full`,
  ];
}

function unknownVolume(word: string, all: readonly VolumeSituation[]): BackupError {
  const names = all.map(({ volume }) => volume);
  const likely = nearest(word, names);
  const hint = likely === undefined ? `there are: ${names.join(', ')}` : `did you mean "${likely}"?`;
  return new BackupError(`no volume "${word}" is seen here`, { kind: 'not-found', hint });
}
