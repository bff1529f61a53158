import type { Command } from 'commander';
import { BackupError } from '../../base/errors.ts';
import type { BackupEntry } from '../../model/agent.ts';
import { summaryOf } from '../../model/backup.ts';
import type { Fact } from '../../model/facts.ts';
import { type BackupId, parseBackupId } from '../../model/vocabulary.ts';
import { stateOf, storedEntries, summaryData } from '../entries.ts';
import { formatBytes, formatInstant, formatSeconds, formatTable } from '../format.ts';
import type { Act, Invocation } from '../invocation.ts';
import type { Outcome } from '../outcome.ts';
import { parseId, parseService } from '../words.ts';

export function registerShow(program: Command, act: Act): void {
  program
    .command('show')
    .description('show one backup: its artifacts, facts and what its checks found')
    .argument('<id>', 'id of a backup')
    .action((id: string) => act((invocation) => show(parseId(id), invocation)));
}

async function show(id: BackupId, invocation: Invocation): Promise<Outcome> {
  const services = [parseService(parseBackupId(id)?.service ?? '')];
  await using session = await invocation.open({ services, access: 'manifests', log: 'none' });
  const { entries, damage } = await storedEntries(session, invocation);
  const entry = entries.find(({ manifest }) => manifest.id === id);
  if (entry === undefined) throw missing(id, damage);
  const { manifest, proof } = entry;
  const summary = summaryOf(manifest, proof, entry.storedBytes);
  return {
    data: { backup: { ...summaryData(summary), manifest, outcomes: proof?.outcomes ?? [] } },
    text: textOf(entry),
  };
}

function missing(id: BackupId, damage: readonly BackupError[]): BackupError {
  const own = damage.find((each) => each.message.includes(id));
  if (own !== undefined) return own;
  return new BackupError(`there is no backup ${id}`, { kind: 'not-found', hint: 'see: physics-backup list' });
}

function textOf(entry: BackupEntry): string {
  const { manifest } = entry;
  return [
    fieldsOf(entry),
    formatTable(manifest.artifacts, [
      { title: 'ARTIFACT', of: ({ name }) => name.slice(manifest.id.length) },
      { title: 'PLAIN', of: ({ plainBytes }) => formatBytes(plainBytes), align: 'right' },
      { title: 'STORED', of: ({ storedBytes }) => formatBytes(storedBytes), align: 'right' },
    ]),
    factsText(Object.entries(manifest.facts)),
    ...manifest.warnings.map((each) => `warning: ${each}`),
    ...manifest.suspect.map((each) => `suspect: ${each}`),
  ].join('\n\n');
}

function fieldsOf(entry: BackupEntry): string {
  const { manifest, proof, storedBytes } = entry;
  const versions = Object.entries(manifest.versions).map(([name, version]) => `${name} ${version}`);
  const fields: [string, string][] = [
    ['backup', manifest.id],
    ['state', stateOf(summaryOf(manifest, proof, storedBytes))],
    ['moment', formatInstant(manifest.moment)],
    ['started', formatInstant(manifest.startedAt)],
    ['committed', formatInstant(manifest.committedAt)],
    ['size', formatBytes(storedBytes)],
    ['sequence', String(manifest.sequence)],
    ['recovery point', manifest.recoveryPoint?.id ?? 'none'],
    ['versions', versions.join(', ')],
    ...(proof?.outcomes ?? []).map(({ level, passed, at, seconds, errors }): [string, string] => [
      `check ${level}`,
      `${passed ? 'passed' : `FAILED (${errors.join('; ')})`} at ${formatInstant(at)} in ${formatSeconds(seconds)}`,
    ]),
  ];
  return fields.map(([name, value]) => `${name.padEnd(16)}${value}`).join('\n');
}

const FACTS_SHOWN = 40;

function factsText(facts: readonly (readonly [string, Fact])[]): string {
  const table = formatTable(facts.slice(0, FACTS_SHOWN), [
    { title: 'FACT', of: ([name]) => name },
    { title: 'VALUE', of: ([, { value, certainty }]) => `${value}${certainty === 'expiring' ? ' (expiring)' : ''}` },
  ]);
  const more = facts.length - FACTS_SHOWN;
  return more > 0 ? `${table}\nand ${more} more: --json shows all` : table;
}
