import type { BackupPoint, ServiceSituation, Situation, TypeSituation } from '../../../model/situation.ts';
import type { Instant } from '../../../model/vocabulary.ts';
import { html, type Markup } from './html.ts';
import { plot } from './plot.ts';
import { ago, badge, bytesInWords, moment, quietly, secondsInWords } from './words.ts';

/** How many of the newest backups are listed by name. */
const LISTED = 12;

/** A row per service: how it is, its types with their ages, sizes and last proofs, and how size and duration grow. */
export function servicesSection({ services }: Situation, now: Instant): Markup {
  return html`<section aria-labelledby="services">
    <h2 id="services">Services</h2>
    ${services.map((each) => serviceRow(each, now))}
  </section>`;
}

function serviceRow(service: ServiceSituation, now: Instant): Markup {
  const full = service.backups.filter(({ type }) => type !== 'incremental' && type !== 'schema');
  const name = service.service;
  return html`<article class="card service" aria-labelledby="service-${name}">
    <header>
      <h3 id="service-${name}">${name}</h3>
      ${badge(service.health)} ${lossOf(service)}
    </header>
    <div class="types">${typesTable(service, now)} ${listOf(service)}</div>
    <div class="plots">
      ${plot(
        full.map(({ at, storedBytes }) => ({ at, value: storedBytes })),
        { name: 'Size', inWords: bytesInWords },
      )}
      ${plot(
        full.map(({ at, seconds }) => ({ at, value: seconds })),
        { name: 'Duration', inWords: secondsInWords },
      )}
    </div>
  </article>`;
}

function lossOf({ rpo, damaged, gaps }: ServiceSituation): Markup {
  const { actualSeconds, targetSeconds, met } = rpo;
  const loss = actualSeconds === undefined ? 'not known' : secondsInWords(actualSeconds);
  const against = met === undefined ? 'not known' : met ? 'met' : 'missed';
  return html`<p class="small">Would lose <strong>${loss}</strong></p>
    <p class="small">RPO ${secondsInWords(targetSeconds)}: ${against}</p>
    ${damaged.length > 0 && html`<p class="small bad">${damaged.length} damaged</p>`}
    ${gaps !== undefined && gaps > 0 && html`<p class="small bad">${gaps} missing</p>`}`;
}

function typesTable({ service, types }: ServiceSituation, now: Instant): Markup {
  if (types.length === 0) return html`<p class="label">No backup of ${service} is known.</p>`;
  return html`<table>
    <caption class="hidden">
      Backups of ${service} by type
    </caption>
    <thead>
      <tr>
        <th scope="col">Type</th>
        <th scope="col">Last backup</th>
        <th scope="col" class="number">Size</th>
        <th scope="col">Last proof</th>
        <th scope="col">Next</th>
        <th scope="col" class="number">Kept</th>
      </tr>
    </thead>
    <tbody>
      ${types.map((each) => typeRow(each, now))}
    </tbody>
  </table>`;
}

function typeRow(type: TypeSituation, now: Instant): Markup {
  const { lastSuccess, count, next } = type;
  const none = count === undefined ? 'not known' : 'none';
  return html`<tr>
    <th scope="row">${type.type} ${healthOf(type)}</th>
    <td data-label="Last backup">${lastSuccess === undefined ? none : aged(lastSuccess.at, now)}</td>
    <td data-label="Size" class="number">${lastSuccess === undefined ? '–' : bytesInWords(lastSuccess.storedBytes)}</td>
    <td data-label="Last proof">${proofOf(type, now)}</td>
    <td data-label="Next">${next === undefined ? 'not scheduled' : aged(next, now)}</td>
    <td data-label="Kept" class="number">${keptOf(type)}</td>
  </tr>`;
}

/** That there is none yet is known, and nothing that is healthy. */
function healthOf({ health, count }: TypeSituation): Markup {
  if (health === 'unknown' && count === 0) return html`<span class="badge none">None yet</span>`;
  return health === 'ok' ? quietly(health) : badge(health);
}

function keptOf({ count, storedBytes }: TypeSituation): Markup | string {
  if (count === undefined || storedBytes === undefined) return '–';
  return html`${count} <small>${bytesInWords(storedBytes)}</small>`;
}

function aged(at: Instant, now: Instant): Markup {
  return html`${ago(at, now)} <small>${moment(at)}</small>`;
}

/** A failed proof is said before an older one that passed; where there is no backup there is nothing to prove. */
function proofOf({ count, lastValidation, lastVerified }: TypeSituation, now: Instant): Markup | string {
  if (count === undefined || count === 0) return '–';
  if (lastValidation !== undefined && !lastValidation.passed)
    return html`<strong class="bad">failed: ${lastValidation.level}</strong>
      <small>${ago(lastValidation.at, now)}</small>`;
  if (lastVerified === undefined) return html`<strong class="bad">none</strong>`;
  const { level, at } = lastValidation ?? { level: 'verified', at: lastVerified.at };
  return html`${level}, passed <small>${ago(at, now)}</small>`;
}

function listOf({ service, backups }: ServiceSituation): Markup | undefined {
  if (backups.length === 0) return undefined;
  const newest = backups.slice(-LISTED).toReversed();
  return html`<details id="backups-${service}">
    <summary>Newest backups of ${service}</summary>
    <ul class="backups">
      ${newest.map((each) => backupLine(each))}
    </ul>
  </details>`;
}

function backupLine({ id, storedBytes, seconds, verified }: BackupPoint): Markup {
  const proof = verified ? 'verified' : 'not verified';
  return html`<li>
    <code>${id}</code> <span>${bytesInWords(storedBytes)} in ${secondsInWords(seconds)}, ${proof}</span>
  </li>`;
}
