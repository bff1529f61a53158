import type { Health, Situation } from '../../../model/situation.ts';
import type { Instant } from '../../../model/vocabulary.ts';
import { html, type Markup } from './html.ts';
import { ago, badge, secondsInWords } from './words.ts';

interface Upkeep {
  readonly name: string;
  /** Undefined: neither good nor bad. */
  readonly health: Health | undefined;
  /** Instead of the word for the health. */
  readonly state?: string;
  readonly words: string;
}

/** The loop of the scheduler beats several times a minute. */
const OLDEST_HEARTBEAT = 60;

/** What keeps it all going: scheduler, keys, clean-up, locks; and what is not there yet. Judged only while it is seen. */
export function upkeepSection(situation: Situation, now: Instant, current: boolean): Markup {
  const seen = [scheduler(situation), keys(situation, now), cleanup(situation, now), locks(situation)];
  const all = current ? seen : seen.map(({ name }): Upkeep => ({ name, health: 'unknown', words: '' }));
  return html`<section aria-labelledby="upkeep">
    <h2 id="upkeep">Upkeep</h2>
    <ul class="card upkeep">
      ${all.map(
        ({ name, health, state, words }) =>
          html`<li>
            <span class="name">${name}</span>
            ${health === undefined ? html`<span class="badge none">${state}</span>` : badge(health)}
            <span>${words}</span>
          </li>`,
      )}
      <li><span class="name">Drills</span> <span class="badge none">Not configured</span></li>
      <li><span class="name">Replica</span> <span class="badge none">Not configured</span></li>
    </ul>
  </section>`;
}

function scheduler({ scheduler: { heartbeatAge, services }, services: all }: Situation): Upkeep {
  const name = 'Scheduler';
  if (heartbeatAge === undefined) return { name, health: 'unknown', words: 'nothing is heard of it' };
  const silent = all.map(({ service }) => service).filter((each) => !services.includes(each));
  const beat = `last heard of ${secondsInWords(heartbeatAge)} ago`;
  if (silent.length > 0) return { name, health: 'critical', words: `${beat}; silent: ${silent.join(', ')}` };
  return { name, health: heartbeatAge <= OLDEST_HEARTBEAT ? 'ok' : 'critical', words: beat };
}

function keys({ keys: { active, createdAt, exported } }: Situation, now: Instant): Upkeep {
  const name = 'Keys';
  if (active === undefined) return { name, health: 'unknown', words: 'the keyring is not known' };
  const made = createdAt === undefined ? '' : `made ${ago(createdAt, now)}, `;
  if (exported === undefined) return { name, health: 'unknown', words: `${made}not known whether they are exported` };
  return exported
    ? { name, health: 'ok', words: `${made}exported` }
    : { name, health: 'warning', words: `${made}on this machine only` };
}

function cleanup({ retention: { enabled, lastRun } }: Situation, now: Instant): Upkeep {
  const name = 'Clean-up';
  const last = lastRun === undefined ? 'never ran' : `last ran ${ago(lastRun.began, now)}`;
  if (!enabled) return { name, health: undefined, state: 'Switched off', words: last };
  if (lastRun === undefined) return { name, health: 'unknown', words: last };
  return lastRun.code === 0
    ? { name, health: 'ok', words: last }
    : { name, health: 'warning', words: `${last}, and ended with ${lastRun.code}` };
}

function locks({ lock }: Situation): Upkeep {
  const words = lock.map(({ service, ageSeconds }) => `${service} for ${secondsInWords(ageSeconds)}`).join(', ');
  return { name: 'Locks', health: undefined, state: lock.length === 0 ? 'None held' : 'Held', words };
}
