import { realpathSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { stopwatch } from '../../base/clock.ts';
import { BackupError, reason, SeveralErrors } from '../../base/errors.ts';
import type { ValidatedBackup, ValidationReport, ValidationSelection } from '../../coordination/validate.ts';
import type { ValidationLevel } from '../../model/backup.ts';
import { type BackupId, isService, parseBackupId, type Service } from '../../model/vocabulary.ts';
import { damageError } from '../entries.ts';
import { count, formatSeconds, formatTable } from '../format.ts';
import type { OpenRequest, Session } from '../host.ts';
import { type Act, agentsOf, coordinatedRun, type Invocation } from '../invocation.ts';
import { noted, type ServiceEnd } from '../noting.ts';
import type { Outcome } from '../outcome.ts';
import { documentOf, errorOfDamage, type ValidationDocument } from '../validation-report.ts';
import { parseId } from '../words.ts';

const LEVELS: readonly ValidationLevel[] = ['integrity', 'content'];

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
    .option('--report', 'print a readable report, and write it and a JSON one below LOG_DIR/validation')
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
  const [run, seconds] = [coordinatedRun(invocation, session), stopwatch()];
  const report = await noted(
    { kind: 'validate', ...(id ? { id } : {}) },
    session,
    () => validateBackups(selection, LEVELS, agentsOf(session), run),
    (found) => endsOf(found, session),
  );
  const at = session.coordination.clock.now();
  const document = documentOf(report, { selection, levels: LEVELS, at, seconds: seconds() });
  const outcome = outcomeOf(report, document);
  return options.report === true ? await reported(document, outcome, invocation) : outcome;
}

/** The readable report instead of the table. One that cannot be written says so; what was found is printed all the same. */
async function reported(document: ValidationDocument, outcome: Outcome, { host }: Invocation): Promise<Outcome> {
  const { validationText } = await import('../validation-text.ts');
  const text = validationText(document);
  try {
    const files = {
      text: await host.writeReport('validation', text, document.at),
      json: await host.writeReport('validation', document, document.at),
    };
    return { ...outcome, data: { ...document, files }, text: `${text}\n\n${files.text}\n${files.json}` };
  } catch (error) {
    const warnings = [...(outcome.warnings ?? []), `the report could not be written: ${reason(error)}`];
    return { ...outcome, text, warnings };
  }
}

/** One backup, or the services whose backups are meant. */
function askedFor(
  word: string | undefined,
  { file }: Options,
): { readonly id: BackupId | undefined; readonly services: OpenRequest['services'] } {
  if (word !== undefined && isService(word)) return { id: undefined, services: [word] };
  const named = word === undefined ? undefined : parseId(word);
  const id = named ?? (file === undefined ? undefined : idOfFile(file));
  return { id, services: id === undefined ? 'kept' : [serviceOf(id)] };
}

/** What was looked at of each service; one without backups was not. */
function endsOf(report: ValidationReport, { services }: Session): ServiceEnd[] {
  const nothing = nothingIn(report);
  return services.flatMap((service) => {
    const own = report.backups.filter(({ backup }) => backup.startsWith(`${service}_`));
    const errors = [
      ...own.flatMap((each) => errorsOf(each)),
      ...report.damage.filter((each) => each.service === service).map((each) => errorOfDamage(each)),
      ...report.troubles.filter((each) => each.service === service).map(({ error }) => error),
      ...nothing,
    ];
    const warnings = own.flatMap(({ outcomes }) => outcomes.flatMap((each) => each.warnings));
    const [only, ...others] = own;
    const end = { service, errors, warnings };
    if (only === undefined) return errors.length === 0 ? [] : [end];
    return [others.length > 0 ? end : { ...end, id: only.backup }];
  });
}

function nothingIn({ backups, damage, troubles }: ValidationReport): BackupError[] {
  if (backups.length + damage.length + troubles.length > 0) return [];
  return [
    new BackupError('there is no backup to validate', {
      kind: 'not-found',
      hint: 'see what there is: physics-backup list',
    }),
  ];
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

function outcomeOf(report: ValidationReport, document: ValidationDocument): Outcome {
  const { backups, damage, troubles } = report;
  const { good, bad } = document.summary;
  const warnings = backups.flatMap(({ backup, outcomes }) =>
    outcomes.flatMap((outcome) => outcome.warnings.map((each) => `${backup}: ${each}`)),
  );
  const summary = `${count(backups.length, 'backup')} checked, ${good} good, ${bad + damage.length} bad`;
  const errors = [
    ...backups.flatMap((each) => errorsOf(each)),
    ...damage.map((each) => errorOfDamage(each)),
    ...nothingIn(report),
  ];
  const kept = troubles.map(({ error }) => error);
  return {
    data: { ...document },
    text: backups.length + damage.length === 0 ? '' : `${backupsTable(document)}\n${summary}`,
    warnings,
    errors: kept.length === 0 ? errors : [...errors, new SeveralErrors('not everything could be validated', kept)],
  };
}

function errorsOf({ backup, outcomes }: ValidatedBackup): BackupError[] {
  return outcomes.flatMap(({ level, passed, errors }) =>
    passed
      ? []
      : [damageError({ message: `${backup} failed its ${level} check: ${errors.join('; ')}`, kind: 'damaged' })],
  );
}

function backupsTable({ backups }: ValidationDocument): string {
  return formatTable(backups, [
    { title: 'BACKUP', of: ({ backup }) => backup },
    { title: 'RESULT', of: ({ good }) => (good ? 'good' : 'BAD') },
    { title: 'CHECKED', of: ({ outcomes }) => outcomes.map(({ level }) => level).join(', ') },
    { title: 'TIME', of: ({ seconds }) => formatSeconds(seconds), align: 'right' },
  ]);
}
