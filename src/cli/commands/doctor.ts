import type { Command } from 'commander';
import { BackupError } from '../../base/errors.ts';
import { forEachAgent, runOf } from '../../coordination/fan-out.ts';
import type { Finding } from '../../model/source.ts';
import { SERVICES } from '../../model/vocabulary.ts';
import { formatTable } from '../format.ts';
import type { Session } from '../host.ts';
import { type Act, agentsOf, coordinatedRun, type Invocation } from '../invocation.ts';
import type { Outcome } from '../outcome.ts';
import { parseServices } from '../words.ts';

export function registerDoctor(program: Command, act: Act): void {
  program
    .command('doctor')
    .description('look at everything that backup and recover need: servers, rights, tools, room, keys, locks')
    .argument('[service]', `${SERVICES.join(', ')} or all`, 'all')
    .action((service: string) => act((invocation) => doctor(service, invocation)));
}

interface Checkup {
  readonly of: string;
  readonly findings: readonly Finding[];
}

async function doctor(word: string, invocation: Invocation): Promise<Outcome> {
  const services = parseServices(word);
  await using session = await invocation.open({ services, access: 'inspect', log: 'none' });
  const checkups = [
    { of: 'repository', findings: await session.inspectRepository() },
    ...(await inspectServices(session, invocation)),
  ];
  const rows = checkups.flatMap(({ of, findings }) => findings.map((finding) => ({ of, finding })));
  return {
    data: { checkups },
    text: formatTable(rows, [
      { title: 'OF', of: ({ of }) => of },
      { title: 'CHECK', of: ({ finding }) => finding.subject },
      { title: '', of: ({ finding }) => MARK[finding.severity] },
      { title: 'FOUND', of: ({ finding }) => finding.message },
    ]),
    warnings: rows.flatMap(({ of, finding }) => warningOf(of, finding)),
    errors: rows.flatMap(({ of, finding }) => problemOf(of, finding)),
  };
}

const MARK: Readonly<Record<Finding['severity'], string>> = { ok: 'ok', warning: 'WARN', problem: 'FAIL' };

async function inspectServices(session: Session, invocation: Invocation): Promise<Checkup[]> {
  const run = coordinatedRun(invocation, session);
  const unset = new Set(session.unset.map((each) => each.service));
  const agents = agentsOf(session).filter((agent) => !unset.has(agent.service));
  const results = await forEachAgent(agents, (agent) => agent.inspect(runOf(run, agent.service)));
  return [
    ...results.map((result) => ({
      of: result.service,
      findings: result.error === undefined ? result.value.findings : [failure('inspection', result.error)],
    })),
    ...session.unset.map(({ service, error }) => ({ of: service, findings: [failure('settings', error)] })),
  ];
}

/** What is no error of ours is a bug, and ends the doctor. */
function failure(subject: string, error: Error): Finding {
  if (!(error instanceof BackupError)) throw error;
  const { message, hint, kind } = error;
  return { subject, severity: 'problem', message, kind, ...(hint === undefined ? {} : { hint }) };
}

function warningOf(of: string, { severity, message, hint }: Finding): string[] {
  if (severity !== 'warning') return [];
  return [`${withService(of, message)}${hint === undefined ? '' : `; ${hint}`}`];
}

function problemOf(of: string, { severity, message, hint, kind }: Finding): BackupError[] {
  if (severity !== 'problem') return [];
  const details = { kind: kind ?? 'failed', ...(hint === undefined ? {} : { hint }) } as const;
  return [new BackupError(withService(of, message), details)];
}

function withService(of: string, message: string): string {
  return message.startsWith(`${of}:`) ? message : `${of}: ${message}`;
}
