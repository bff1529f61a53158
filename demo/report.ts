import { humanBytes, table } from './table.ts';

/** What the fingerprints say of one service. */
export interface Proof {
  readonly service: string;
  /** How many named fingerprints were compared. */
  readonly compared: number;
  /** Whether the disaster changed it: without that, being identical would prove nothing. */
  readonly lost: boolean;
  readonly identical: boolean;
  /** Names of the fingerprints that differ. */
  readonly differing: readonly string[];
}

export interface DemoReport {
  readonly backup: Readonly<Record<string, unknown>>;
  readonly recovery: Readonly<Record<string, unknown>>;
  readonly proofs: readonly Proof[];
}

interface BackupLine {
  readonly id: string;
  readonly service: string;
  readonly bytes: number;
  readonly seconds: number;
}

interface RecoveryLine {
  readonly seconds: number;
  readonly services: Readonly<Record<string, { readonly seconds: number }>>;
}

export interface RenderedReport {
  readonly ok: boolean;
  readonly text: string;
  readonly document: object;
}

/** The short table for people, and the document for programs. */
export function reportText({ backup, recovery, proofs }: DemoReport): RenderedReport {
  const backups = backup['backups'] as BackupLine[];
  const recovered = recovery['recovery'] as RecoveryLine;
  const ok = proofs.length === 4 && proofs.every((each) => each.identical && each.lost);
  const rows = proofs.map((proof) => rowOf(proof, backups, recovered));
  const skew = Number(backup['skewSeconds'] ?? 0);
  return {
    ok,
    text: `
${table(['service', 'backup', 'size', 'backup s', 'restore s', 'fingerprints', 'after'], rows)}

skew of the four moments ${skew.toFixed(1)} s, recovered in ${recovered.seconds.toFixed(1)} s
${ok ? 'Everything came back exactly as it was.' : differencesText(proofs)}
`,
    document: {
      ok,
      backups: backups.map(({ id, service, bytes, seconds }) => ({ id, service, bytes, seconds })),
      skewSeconds: skew,
      recovery: {
        seconds: recovered.seconds,
        services: Object.fromEntries(proofs.map(({ service, ...proof }) => [service, proof])),
      },
    },
  };
}

function rowOf(proof: Proof, backups: readonly BackupLine[], recovered: RecoveryLine): string[] {
  const backup = backups.find((each) => each.service === proof.service);
  return [
    proof.service,
    backup?.id ?? 'none',
    humanBytes(backup?.bytes ?? 0),
    (backup?.seconds ?? 0).toFixed(1),
    (recovered.services[proof.service]?.seconds ?? 0).toFixed(1),
    String(proof.compared),
    verdict(proof),
  ];
}

function verdict({ lost, identical }: Proof): string {
  if (!lost) return 'was never lost';
  return identical ? 'identical' : 'DIFFERENT';
}

function differencesText(proofs: readonly Proof[]): string {
  return proofs
    .flatMap(({ service, lost, differing }) => [
      ...(lost ? [] : [`${service}: the disaster did not change it, so nothing was proven`]),
      ...differing.map((each) => `${service}: ${each} differs`),
    ])
    .join('\n');
}
