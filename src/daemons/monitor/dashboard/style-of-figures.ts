/** Rows of services, plots, bars and the timeline. */
export const STYLE_OF_FIGURES = `
.bar { display: block; width: 100%; height: 8px; margin: 0.45rem 0; overflow: visible; }
.track { fill: var(--track); }
.fill { fill: var(--tone); }
.tick { stroke: var(--ink); stroke-width: 2; transform-box: fill-box; }

.service {
  display: grid; grid-template-columns: 10.5rem minmax(0, 1fr) 17.5rem; gap: 1rem 1.75rem; margin-bottom: 0.9rem;
}
.service h3 { margin-bottom: 0.35rem; }
.small { margin-top: 0.2rem; color: var(--soft); font-size: 0.87rem; }
.badge + .small { margin-top: 0.7rem; }
.small strong { color: var(--ink); white-space: nowrap; }
.small.bad { color: var(--critical); }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 0.4rem 0.9rem 0.4rem 0; text-align: left; vertical-align: top; font-weight: 400; }
thead th { color: var(--soft); font-size: 0.84rem; padding-top: 0; }
tbody tr { border-top: 1px solid var(--line); }
tbody th { font-weight: 600; }
td small, .number small { display: block; }
.number { text-align: right; }
.number:last-child { padding-right: 0; }
tbody th .badge { margin-top: 0.15rem; display: flex; width: max-content; }
.quiet .shape { vertical-align: -0.12em; }

details { margin-top: 0.75rem; }
summary { width: max-content; max-width: 100%; color: var(--accent); cursor: pointer; font-size: 0.9rem; }
.backups li { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; padding: 0.3rem 0; font-size: 0.9rem; }
.backups li + li, .events li + li { border-top: 1px solid var(--line); }
.backups span { color: var(--soft); }
.events li { padding: 0.35rem 0; font-size: 0.9rem; overflow-wrap: anywhere; }
.events .shape { width: 0.8em; height: 0.8em; }

.plots { display: grid; grid-template-columns: 1fr 1fr; gap: 1.25rem; align-content: start; }
.plot figcaption { display: flex; justify-content: space-between; align-items: baseline; white-space: nowrap; }
.curve { display: block; width: 100%; height: 56px; margin: 0.4rem 0 0.2rem; overflow: visible; border-bottom: 1px solid var(--line); }
.curve > svg { width: 100%; height: 100%; overflow: visible; }
.area { fill: var(--accent); opacity: 0.12; }
.line-of-plot { fill: none; stroke: var(--accent); stroke-width: 1.75; stroke-linejoin: round; vector-effect: non-scaling-stroke; }
.newest { fill: var(--card); stroke: var(--accent); stroke-width: 2; }
.plot .line { flex-wrap: nowrap; gap: 0.3rem; font-size: 0.78rem; white-space: nowrap; }

.timeline { overflow: hidden; }
.lane { display: grid; grid-template-columns: 6.5rem 1fr; align-items: center; }
.lane .label { color: var(--ink); font-size: 0.9rem; }
.marks { display: block; width: 100%; height: 42px; overflow: visible; }
.marks svg { overflow: visible; }
.rail { stroke: var(--line); }
.midnight { stroke: var(--line); stroke-dasharray: 1 4; }
.day-names { width: 100%; height: 20px; overflow: visible; }
.day-names text { fill: var(--soft); font-size: 11.5px; }
.done { --mark: var(--accent); }
.unproven { --mark: var(--warning); }
.proof { --mark: var(--ok); }
.failed { --mark: var(--critical); }
.mark { fill: var(--mark); stroke: var(--card); stroke-width: 1; }
.mark-hollow { fill: var(--card); stroke: var(--mark); stroke-width: 2; }
.mark-cross { fill: none; stroke: var(--mark); stroke-width: 2.6; stroke-linecap: round; }
.legend { display: flex; flex-wrap: wrap; gap: 0.2rem 1.25rem; margin-top: 0.6rem; font-size: 0.87rem; color: var(--soft); }
.legend .shape { width: 0.85em; height: 0.85em; vertical-align: -0.05em; }

@media (max-width: 60rem) {
  .service { grid-template-columns: 1fr; }
  .service header { display: flex; flex-wrap: wrap; gap: 0.25rem 0.9rem; align-items: center; }
  .service h3 { margin: 0; }
  .small, .badge + .small { margin: 0; }
}
@media (max-width: 40rem) {
  .service { padding: 1rem; }
  thead { position: absolute; clip-path: inset(50%); height: 1px; width: 1px; overflow: hidden; }
  tbody tr { display: grid; grid-template-columns: 1fr 1fr; gap: 0.35rem 1rem; padding: 0.75rem 0; }
  tbody th { grid-column: 1 / -1; display: flex; gap: 0.75rem; align-items: center; }
  th, td, .number { padding: 0; text-align: left; }
  td::before { content: attr(data-label); display: block; color: var(--soft); font-size: 0.82rem; }
  tbody th .badge { margin: 0; }
  .lane { grid-template-columns: 1fr; }
  .lane + .lane { margin-top: 0.35rem; }
  .days text:nth-child(even) { display: none; }
}
`;
