import { realpathSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { BackupError } from '../../base/errors.ts';
import type { ValidatedBackup, ValidationReport, ValidationSelection } from '../../coordination/validate.ts';
import { type BackupId, isService, parseBackupId, type Service, SERVICES } from '../../model/vocabulary.ts';
import { damageError } from '../entries.ts';
import { count, formatSeconds, formatTable } from '../format.ts';
import type { Session } from '../host.ts';
import { type Act, agentsOf, coordinatedRun, type Invocation } from '../invocation.ts';
import { noted, type ServiceEnd } from '../noting.ts';
import type { Outcome } from '../outcome.ts';
import { parseId } from '../words.ts';

interface Options {
  readonly file?: string;
  readonly all?: boolean;
  readonly report?: boolean;
}

export function registerValidate(program: Command, act: Act): void {
  program
    .command('validate')
    .description('check integrity and content; without arguments: of the newest backup of each service')
    .argument('[which]', 'id of a backup, or a service: its newest backup')
    .option('--file <path>', 'the backup that this file belongs to')
    .option('--all', 'all backups')
    .option('--report', 'a line for each check')
    .action((id: string | undefined, options: Options) => act((invocation) => validate(id, options, invocation)));
}

async function validate(word: string | undefined, options: Options, invocation: Invocation): Promise<Outcome> {
  const given = [word, options.file, options.all].filter((each) => each !== undefined);
  if (given.length > 1)
    throw new BackupError('validate takes an id, --file or --all, not several of them', { kind: 'usage' });
  const { id, services } = askedFor(word, options);
  const { validateBackups } = await import('../../coordination/validate.ts');
  await using session = await invocation.open({ services, access: 'contents', log: 'validation' });
  if (options.file !== undefined && id) assertOurs(options.file, id, session);
  const selection: ValidationSelection = id ? { ids: [id] } : options.all === true ? 'all' : 'newest';
  const run = coordinatedRun(invocation, session);
  const report = await noted(
    { kind: 'validate', ...(id ? { id } : {}) },
    session,
    () => validateBackups(selection, ['integrity', 'content'], agentsOf(session), run),
    (found) => endsOf(found, session),
  );
  return outcomeOf(report, options.report ?? false);
}

/** One backup, or the services whose backups are meant. */
function askedFor(word: string | undefined, { file }: Options) {
  if (word !== undefined && isService(word)) return { id: undefined, services: [word] };
  const named = word === undefined ? undefined : parseId(word);
  const id = named ?? (file === undefined ? undefined : idOfFile(file));
  return { id, services: id === undefined ? SERVICES : [serviceOf(id)] };
}

/** What was looked at of each service; one without backups was not. */
function endsOf({ backups, damage }: ValidationReport, { services }: Session): ServiceEnd[] {
  return services.flatMap((service) => {
    const own = backups.filter(({ backup }) => backup.startsWith(`${service}_`));
    const errors = [
      ...own.flatMap((each) => errorsOf(each)),
      ...damage.filter((each) => each.service === service).map(({ found }) => damageError(found)),
    ];
    const warnings = own.flatMap(({ outcomes }) => outcomes.flatMap((each) => each.warnings));
    const [only, ...others] = own;
    const end = { service, errors, warnings };
    if (only === undefined) return errors.length === 0 ? [] : [end];
    return [others.length > 0 ? end : { ...end, id: only.backup }];
  });
}

/** Any file of a backup names it: artifact, tags, manifest or proof. */
function idOfFile(file: string): BackupId {
  const [stem = ''] = path.basename(file).split('.');
  return parseId(stem);
}

function serviceOf(id: BackupId): Service {
  const parsed = parseBackupId(id);
  if (parsed === undefined) throw new Error(`unparsable id ${id}`);
  return parsed.service;
}

/** Keys, tags and proof are found by the place a backup lies at: a copy elsewhere is another thing. */
function assertOurs(file: string, id: BackupId, { backupDirectory }: Session): void {
  const parsed = parseBackupId(id);
  const expected = path.join(backupDirectory, parsed?.service ?? '', parsed?.type ?? '');
  if (realpath(path.dirname(file)) === realpath(expected)) return;
  throw new BackupError(`${file} does not lie in ${expected}`, {
    kind: 'usage',
    hint: 'name a file below BACKUP_DIR, or set BACKUP_DIR to where these backups lie',
  });
}

function realpath(directory: string): string {
  try {
    return realpathSync(directory);
  } catch {
    return path.resolve(directory);
  }
}

function outcomeOf({ backups, damage }: ValidationReport, detailed: boolean): Outcome {
  const bad = backups.filter((each) => !isGood(each));
  const warnings = backups.flatMap(({ backup, outcomes }) =>
    outcomes.flatMap((outcome) => outcome.warnings.map((each) => `${backup}: ${each}`)),
  );
  const summary = `${count(backups.length, 'backup')} checked, ${backups.length - bad.length} good, ${bad.length + damage.length} bad`;
  return {
    data: { backups, damage: damage.map(({ found }) => found.message) },
    text: `${detailed ? checksTable(backups) : backupsTable(backups)}\n${summary}`,
    warnings,
    errors: [...bad.flatMap((each) => errorsOf(each)), ...damage.map(({ found }) => damageError(found))],
  };
}

function isGood({ outcomes }: ValidatedBackup): boolean {
  return outcomes.every((each) => each.passed);
}

function errorsOf({ backup, outcomes }: ValidatedBackup): BackupError[] {
  return outcomes.flatMap(({ level, passed, errors }) =>
    passed
      ? []
      : [damageError({ message: `${backup} failed its ${level} check: ${errors.join('; ')}`, kind: 'damaged' })],
  );
}

function backupsTable(backups: readonly ValidatedBackup[]): string {
  return formatTable(backups, [
    { title: 'BACKUP', of: ({ backup }) => backup },
    { title: 'RESULT', of: (each) => (isGood(each) ? 'good' : 'BAD') },
    { title: 'CHECKED', of: ({ outcomes }) => outcomes.map(({ level }) => level).join(', ') },
    { title: 'TIME', of: ({ outcomes }) => formatSeconds(secondsOf(outcomes)), align: 'right' },
  ]);
}

function checksTable(backups: readonly ValidatedBackup[]): string {
  const checks = backups.flatMap(({ backup, outcomes }) => outcomes.map((outcome) => ({ backup, outcome })));
  return formatTable(checks, [
    { title: 'BACKUP', of: ({ backup }) => backup },
    { title: 'CHECK', of: ({ outcome }) => outcome.level },
    { title: 'RESULT', of: ({ outcome }) => (outcome.passed ? 'passed' : 'FAILED') },
    { title: 'TIME', of: ({ outcome }) => formatSeconds(outcome.seconds), align: 'right' },
  ]);
}

function secondsOf(outcomes: ValidatedBackup['outcomes']): number {
  return outcomes.reduce((sum, each) => sum + each.seconds, 0);
}
