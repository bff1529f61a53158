import type { Command } from 'commander';
import { type BackupType, BACKUP_TYPES, SERVICES } from '../../model/vocabulary.ts';
import { stateOf, storedSummaries, summaryData } from '../entries.ts';
import { count, formatBytes, formatTable } from '../format.ts';
import type { Act, Invocation } from '../invocation.ts';
import type { Outcome } from '../outcome.ts';
import { parseServices, parseType } from '../words.ts';

export function registerList(program: Command, act: Act): void {
  program
    .command('list')
    .description('list the backups, newest first')
    .argument('[service]', `${SERVICES.join(', ')} or all`, 'all')
    .option('--type <type>', `only ${BACKUP_TYPES.join(', ')}`)
    .action((service: string, options: { type?: string }) =>
      act((invocation) => list(service, options.type, invocation)),
    );
}

async function list(serviceWord: string, typeWord: string | undefined, invocation: Invocation): Promise<Outcome> {
  const services = serviceWord === 'all' ? SERVICES : parseServices(serviceWord);
  const type: BackupType | undefined = typeWord === undefined ? undefined : parseType(typeWord);
  await using session = await invocation.open({ services, access: 'manifests', log: 'none' });
  const { summaries, damage } = await storedSummaries(session);
  const shown = summaries.filter((each) => type === undefined || each.type === type);
  const bytes = shown.reduce((sum, each) => sum + each.storedBytes, 0);
  const table = formatTable(shown, [
    { title: 'BACKUP', of: ({ id }) => id },
    { title: 'MOMENT (UTC)', of: ({ moment }) => moment.slice(0, 16).replace('T', ' ') },
    { title: 'SIZE', of: ({ storedBytes }) => formatBytes(storedBytes), align: 'right' },
    { title: 'STATE', of: stateOf },
  ]);
  const total = `${count(shown.length, 'backup')}, ${formatBytes(bytes)}`;
  return {
    data: { backups: shown.map((each) => summaryData(each)), bytes },
    text: shown.length === 0 ? 'no backups' : `${table}\n${total}`,
    errors: damage,
  };
}
