import type { Command } from 'commander';
import type { RecoverySummary } from '../../coordination/aftermath.ts';
import { formatTable } from '../format.ts';
import { type Act, coordinatedRun, type Invocation } from '../invocation.ts';
import { noted } from '../noting.ts';
import type { Outcome } from '../outcome.ts';
import { recoveryEnds, recoveryOutcome } from '../recovery-report.ts';
import { parseSelector } from '../words.ts';

interface Options {
  readonly allowFuzzy?: boolean;
  readonly allowSuspect?: boolean;
}

export function registerRecover(program: Command, act: Act): void {
  const recover = program
    .command('recover')
    .description('recover all services from one recovery point; what is replaced is kept until "recover finish"')
    .argument('<point>', 'latest, a type (daily, …), or the id of a recovery point or of one of its backups')
    .option('--allow-fuzzy', 'also use backups taken while writes went on')
    .option('--allow-suspect', 'also use backups that shrank beyond the limit')
    .action((point: string, options: Options) => act((invocation) => recoverAll(point, options, invocation)));
  recover
    .command('status')
    .description('list the recoveries and how far they came')
    .action(() => act(status));
  recover
    .command('resume')
    .description('end an interrupted recovery: back before its commit, forward after it')
    .action(() => act(resume));
  recover
    .command('rollback')
    .description('put back what a recovery replaced')
    .argument('[recovery]', 'id; without it: the newest')
    .action((id: string | undefined) => act((invocation) => rollback(id, invocation)));
  recover
    .command('finish')
    .description('remove what a recovery replaced; after this there is no way back')
    .argument('[recovery]', 'id; without it: the newest')
    .action((id: string | undefined) => act((invocation) => finish(id, invocation)));
}

async function recoverAll(word: string, options: Options, invocation: Invocation): Promise<Outcome> {
  const selector = parseSelector(word);
  const { recover } = await import('../../coordination/recover.ts');
  await using session = await invocation.open({ services: 'all', access: 'live', log: 'restore' });
  const startedAt = session.coordination.clock.now();
  const request = {
    selector,
    services: session.services,
    allowFuzzy: options.allowFuzzy ?? false,
    allowSuspect: options.allowSuspect ?? false,
    parallel: session.parallelRecovery,
  };
  const report = await noted(
    { kind: 'recover' },
    session,
    () => recover(request, session.coordination, coordinatedRun(invocation, session)),
    (found) => recoveryEnds(found),
  );
  return recoveryOutcome(report, startedAt, session);
}

async function status(invocation: Invocation): Promise<Outcome> {
  const { recoveryStatus } = await import('../../coordination/aftermath.ts');
  await using session = await invocation.open({ services: 'all', access: 'manifests', log: 'none' });
  const recoveries = await recoveryStatus(session.coordination);
  const rows = recoveries.flatMap((recovery) => recovery.services.map((each) => ({ recovery, each })));
  return {
    data: { recoveries },
    text:
      recoveries.length === 0
        ? 'no recoveries'
        : formatTable(rows, [
            { title: 'RECOVERY', of: ({ recovery }) => recovery.id },
            { title: 'OUTCOME', of: ({ recovery }) => recovery.outcome },
            { title: 'SERVICE', of: ({ each }) => each.service },
            { title: 'STATE', of: ({ each }) => each.last },
          ]),
    warnings: recoveries.flatMap((each) => interruption(each)),
  };
}

function interruption({ id, outcome }: RecoverySummary): string[] {
  return outcome === 'interrupted' ? [`${id} was interrupted: physics-backup recover resume`] : [];
}

async function resume(invocation: Invocation): Promise<Outcome> {
  const { settleInterrupted } = await import('../../coordination/settle.ts');
  await using session = await invocation.open({ services: 'all', access: 'live', log: 'restore' });
  const ended = await settleInterrupted(session.coordination, coordinatedRun(invocation, session));
  return {
    data: { ended },
    text: ended.length === 0 ? 'no recovery was interrupted' : ended.map((id) => `${id} has ended`).join('\n'),
  };
}

async function rollback(id: string | undefined, invocation: Invocation): Promise<Outcome> {
  const { rollbackRecovery } = await import('../../coordination/aftermath.ts');
  await using session = await invocation.open({ services: 'all', access: 'live', log: 'restore' });
  const recovery = await rollbackRecovery(id, session.coordination, coordinatedRun(invocation, session));
  return { data: { recovery }, text: `${recovery} was rolled back: the services are what they were before it` };
}

async function finish(id: string | undefined, invocation: Invocation): Promise<Outcome> {
  const { finishRecovery } = await import('../../coordination/aftermath.ts');
  await using session = await invocation.open({ services: 'all', access: 'live', log: 'restore' });
  const recovery = await finishRecovery(id, session.coordination, coordinatedRun(invocation, session));
  return { data: { recovery }, text: `${recovery} is finished: what it replaced was removed` };
}
