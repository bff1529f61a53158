/** The page: colours, type, cards. Both schemes reach a contrast of 4.5 to 1 for every text on its ground. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f4f6f8;
  --card: #ffffff;
  --line: #dde3e9;
  --ink: #17212b;
  --soft: #566472;
  --accent: #1d5c7a;
  --track: #e6ebf0;
  --ok: #17734a;
  --ok-ground: #e4f4ec;
  --warning: #875400;
  --warning-ground: #fdf1d8;
  --critical: #b0281f;
  --critical-ground: #fdeae8;
  --unknown: #4d5b69;
  --unknown-ground: #e9edf1;
  --shadow: 0 1px 2px rgb(23 33 43 / 6%), 0 4px 16px rgb(23 33 43 / 5%);
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0e1419;
    --card: #161e26;
    --line: #27323d;
    --ink: #e7edf3;
    --soft: #9dabb9;
    --accent: #78bfe0;
    --track: #26313c;
    --ok: #63d09b;
    --ok-ground: #12301f;
    --warning: #f0bb5e;
    --warning-ground: #35280e;
    --critical: #ff958b;
    --critical-ground: #3b1815;
    --unknown: #b3bfcb;
    --unknown-ground: #26313c;
    --shadow: none;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto;
  max-width: 76rem;
  padding: 0 1.25rem 3rem;
  background: var(--ground);
  color: var(--ink);
  font: 15px/1.5 Inter, ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif;
  font-variant-numeric: tabular-nums;
  overflow-wrap: break-word;
}
h1, h2, h3, p, ul, ol, dl, dd, figure { margin: 0; padding: 0; }
ul, ol { list-style: none; }
h1 { font-size: 1.75rem; line-height: 1.2; letter-spacing: -0.015em; text-wrap: balance; }
h2 { margin: 2.25rem 0 0.75rem; font-size: 1.05rem; letter-spacing: -0.005em; }
h3 { font-size: 1.1rem; }
code { font: 0.875em/1.5 ui-monospace, 'SF Mono', Menlo, 'DejaVu Sans Mono', monospace; overflow-wrap: anywhere; }
small, .label { color: var(--soft); font-size: 0.87rem; }
a { color: var(--accent); text-underline-offset: 0.2em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; border-radius: 4px; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.definitions { position: absolute; width: 0; height: 0; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: 1rem; z-index: 1; padding: 0.5rem 1rem; background: var(--card); border-radius: 6px; }
.unreachable:not(:empty) {
  position: sticky; top: 0; z-index: 1; margin: 0 -1.25rem; padding: 0.75rem 1.25rem;
  background: var(--critical-ground); color: var(--critical); font-weight: 600;
}
.old #page { filter: grayscale(1); opacity: 0.65; }

.top, footer { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0.25rem 1.5rem; }
.top { padding: 1.5rem 0 1rem; }
.brand { font-weight: 650; letter-spacing: -0.01em; }
.brand span { color: var(--soft); font-weight: 400; }
.seen, footer { color: var(--soft); font-size: 0.9rem; }
footer { margin-top: 2.5rem; padding-top: 1rem; border-top: 1px solid var(--line); }
footer a, footer span { margin-right: 0.9rem; }

.card { background: var(--card); border: 1px solid var(--line); border-radius: 14px; box-shadow: var(--shadow); padding: 1.25rem; }
.calm { display: flex; align-items: center; gap: 0.6rem; color: var(--soft); }
.line { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: baseline; gap: 0 1rem; }
.count { color: var(--soft); font-weight: 400; }
.bad { color: var(--critical); font-weight: 600; }

.ok { --tone: var(--ok); --tone-ground: var(--ok-ground); }
.warning { --tone: var(--warning); --tone-ground: var(--warning-ground); }
.critical { --tone: var(--critical); --tone-ground: var(--critical-ground); }
.unknown, .none { --tone: var(--unknown); --tone-ground: var(--unknown-ground); }
.badge {
  display: inline-flex; align-items: center; gap: 0.35em; padding: 0.1em 0.65em 0.1em 0.45em; border-radius: 99px;
  background: var(--tone-ground); color: var(--tone); font-size: 0.84rem; font-weight: 600; white-space: nowrap;
}
.badge.none { padding-left: 0.65em; }
.shape { width: 1.05em; height: 1.05em; flex: none; }
.calm .shape { width: 1.4em; height: 1.4em; --tone: var(--ok); --tone-ground: var(--ok-ground); }
.ground { fill: var(--tone-ground, transparent); stroke: var(--tone); stroke-width: 1.6; }
.stroke { fill: none; stroke: var(--tone); stroke-width: 2.6; stroke-linecap: round; stroke-linejoin: round; }

.answer { padding: 1.75rem; border-left: 6px solid var(--tone); }
.verdict { display: flex; gap: 1.25rem; align-items: flex-start; }
.verdict p { margin-top: 0.35rem; color: var(--soft); font-size: 1.02rem; }
.provisos { margin-top: 0.5rem; color: var(--soft); font-size: 0.92rem; }
.provisos li { padding-left: 1rem; text-indent: -1rem; }
.provisos li::before { content: '– '; display: inline-block; width: 1rem; text-indent: 0; }
.emblem { width: 3.25rem; height: 3.25rem; flex: none; }
.emblem .ground { stroke-width: 1; }
.facts { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 1rem 1.5rem; margin: 1.5rem 0; }
.facts dt { color: var(--soft); font-size: 0.87rem; }
.facts dd { font-size: 1.2rem; font-weight: 600; letter-spacing: -0.01em; }
.facts small { display: block; font-weight: 400; letter-spacing: 0; }
.targets { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1.25rem 2rem; }

.needs, .upkeep { padding: 0 1.25rem; }
.need { display: grid; grid-template-columns: 7rem minmax(0, 1fr); gap: 0.25rem 1rem; align-items: start; padding: 1rem 0; }
.need + .need, .upkeep li + li { border-top: 1px solid var(--line); }
.need .badge { justify-self: start; }
.hint { margin: 0.4rem 0 0.15rem; }
.hint code { display: inline-block; padding: 0.3rem 0.65rem; border-radius: 7px; background: var(--ground); border: 1px solid var(--line); }
.halves { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0 1.25rem; }
.volumes { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(15rem, 100%), 1fr)); gap: 0.75rem; }
.volume { padding: 0.85rem 1rem; }
.upkeep li { display: flex; flex-wrap: wrap; gap: 0.25rem 0.9rem; align-items: center; padding: 0.7rem 0; }
.upkeep .name { width: 5.5rem; font-weight: 600; }
.upkeep li > span:last-child:not(.badge) { color: var(--soft); }

@media (max-width: 60rem) {
  .halves { grid-template-columns: minmax(0, 1fr); }
}
@media (max-width: 40rem) {
  body { padding: 0 0.9rem 2rem; }
  h1 { font-size: 1.4rem; }
  .answer { padding: 1.15rem; }
  .verdict { gap: 0.85rem; }
  .emblem { width: 2.4rem; height: 2.4rem; }
  .facts { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .targets { grid-template-columns: minmax(0, 1fr); }
  .need { grid-template-columns: minmax(0, 1fr); }
  .top { padding: 1rem 0 0.75rem; }
}
@media (prefers-contrast: more) {
  :root { --soft: var(--ink); --line: var(--soft); }
}
@media (forced-colors: active) {
  .badge, .card { border: 1px solid; }
  .ground, .stroke { stroke: CanvasText; }
}
@media print {
  body { background: none; }
  .card { box-shadow: none; break-inside: avoid; }
}
`;
