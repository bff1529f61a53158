import { reportOf } from '../../policy/report.ts';
import { BACKUP_REPORTS, Reports } from '../../records/reports.ts';
import { VolumeHistory } from '../../records/volume-history.ts';
import type { Observer } from './looks.ts';

/** Writes the deployment guide's report once a day, at the first look of the day (UTC) that knows something. */
export function dailyReport(logs: string): Observer {
  const reports = new Reports(logs, BACKUP_REPORTS);
  return async (situation) => {
    if (situation.recovery.possible === 'unknown') return;
    if (!(await reports.hasOf(situation.at))) await reports.write(reportOf(situation), situation.at);
  };
}

/** Notes how full the volumes are, for predictions to come. */
export function volumeSamples(stateDirectory: string): Observer {
  const history = new VolumeHistory(stateDirectory);
  return async ({ at, volumes }) => {
    const seen = volumes.flatMap(({ volume, freeBytes, health }) =>
      freeBytes === undefined || health === 'unknown' ? [] : [{ volume, at, free: freeBytes }],
    );
    await history.note(seen, at);
  };
}
