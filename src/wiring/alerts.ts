import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { alertmanager } from '../alerting/alertmanager.ts';
import { Alerter } from '../alerting/alerter.ts';
import { email } from '../alerting/email.ts';
import { heartbeat } from '../alerting/heartbeat.ts';
import type { Receiver } from '../alerting/receiver.ts';
import { redaction } from '../alerting/redaction.ts';
import type { Addressees } from '../alerting/trial.ts';
import { webhook } from '../alerting/webhook.ts';
import { systemClock } from '../base/clock.ts';
import { BackupError, reason } from '../base/errors.ts';
import type { Configuration } from '../config/load.ts';
import type { Settings } from '../config/schema.ts';
import { AlertOutbox } from '../records/alert-outbox.ts';

/** An alert is over once it was away for this time: what comes and goes at two looks is one alert. */
const SETTLE_SECONDS = 120;

/** Tells the receivers of the settings what the looks of the monitor find, until it is disposed of. */
export async function openAlerter(configuration: Configuration, say: (line: string) => void): Promise<Alerter> {
  const settings = configuration.settings();
  const { repeatHours, grouping } = settings.alerts;
  const secrets = configuration.entries.flatMap(({ variable, text }) =>
    variable.secret && text !== undefined ? [text] : [],
  );
  return new Alerter({
    ...addressees(settings),
    outbox: await AlertOutbox.open(settings.run.state, say),
    settings: { grouping, repeatSeconds: repeatHours * 3600, settleSeconds: SETTLE_SECONDS },
    clock: systemClock,
    redact: redaction(secrets),
    say,
  });
}

/** All that alerts are sent to; fails with kind `usage` where the file of authorities is none. */
export function addressees(settings: Settings): Addressees {
  const { alerts, monitor } = settings;
  const authorities = alerts.authorities === undefined ? [] : certificatesIn(alerts.authorities);
  return {
    receivers: [...webhooks(settings, authorities), ...emails(settings, authorities)],
    watchers:
      alerts.alertmanager === undefined
        ? []
        : [alertmanager({ url: alerts.alertmanager, authorities, interval: monitor.interval })],
    heartbeat: alerts.heartbeat === undefined ? undefined : heartbeat(alerts.heartbeat, authorities),
  };
}

function webhooks({ alerts }: Settings, authorities: readonly string[]): Receiver[] {
  if (alerts.webhook === undefined) return [];
  const { webhook: url, webhookFormat: format, webhookSecret: secret } = alerts;
  return [webhook({ url, format, secret, authorities, clock: systemClock })];
}

function emails({ alerts }: Settings, authorities: readonly string[]): Receiver[] {
  const { email: enabled, emailTo: to, emailFrom, smtpHost: host, smtpPort: port, smtpUser: user } = alerts;
  if (!enabled || to === undefined || host === undefined) return [];
  const from = emailFrom ?? (user?.includes('@') === true ? user : to.split(',', 1)[0]?.trim()) ?? to;
  return [email({ host, port, user, password: alerts.smtpPassword, from, to, authorities })];
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs;

function certificatesIn(file: string): readonly string[] {
  try {
    const found = readFileSync(file, 'utf8').match(CERTIFICATE) ?? [];
    for (const each of found) void new X509Certificate(each);
    if (found.length > 0) return found;
    throw new Error('there is no certificate in it');
  } catch (cause) {
    const hint = 'name a file of certificates in PEM that this user may read';
    throw new BackupError(`ALERT_CA_FILE: ${file}: ${reason(cause)}`, { kind: 'usage', hint, cause });
  }
}
