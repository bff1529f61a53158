import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import { BigValueGraphMode, ReduceDataOptionsBuilder } from '@grafana/grafana-foundation-sdk/common';
import {
  DashboardBuilder,
  DatasourceVariableBuilder,
  MappingType,
  type Panel,
  QueryVariableBuilder,
  RowBuilder,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMap,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as StatesBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as LinesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { type Figure, SECTIONS } from './panels.ts';

const SOURCE = { type: 'prometheus', uid: '${datasource}' };
const ROWS: Readonly<Record<Figure['kind'], number>> = { answer: 4, number: 4, lines: 8, table: 6, states: 8 };

/** The text of `backup/monitoring/grafana-dashboard-backup.json`. */
export function dashboardJson(): string {
  return `${JSON.stringify(build(), null, 2)}\n`;
}

function build(): object {
  const dashboard = new DashboardBuilder('Physics Assistant backup')
    .uid('physics-backup')
    .description('Whether the platform could be recovered now, and what its backups are doing.')
    .tags(['backup', 'physics-assistant'])
    .readonly()
    .refresh('1m')
    .time({ from: 'now-7d', to: 'now' })
    .withVariable(new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'))
    .withVariable(choice('job', 'label_values(backup_rpo_target_seconds, job)'))
    .withVariable(choice('service', 'label_values(backup_sequence_gaps{job=~"$job"}, service)'));
  for (const { title, figures } of SECTIONS) {
    dashboard.withRow(new RowBuilder(title));
    for (const each of figures) dashboard.withPanel(panelOf(each));
  }
  return dashboard.build();
}

/** All, or some, of the values that there are. */
function choice(name: string, query: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .datasource(SOURCE)
    .query(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .includeAll(true)
    .allValue('.*')
    .multi(true)
    .current({ text: ['All'], value: ['$__all'] });
}

function panelOf(figure: Figure): Builder<Panel> {
  const { title, about, width, unit } = figure;
  const panel = shapeOf(figure)
    .title(title)
    .description(about)
    .datasource(SOURCE)
    .span(width)
    .height(ROWS[figure.kind])
    .withTarget(queryOf(figure))
    .noValue(figure.mayBeEmpty === true ? 'none' : 'not known');
  return unit === undefined ? panel : panel.unit(unit);
}

/** What is shown as it is now is asked for now: the last value that there ever was would be a frozen one. */
function queryOf({ expr, kind, legend }: Figure): DataqueryBuilder {
  const query = new DataqueryBuilder().expr(expr).refId('A').datasource(SOURCE);
  if (legend !== undefined) query.legendFormat(legend);
  if (kind === 'table') query.format(PromQueryFormat.Table);
  return kind === 'lines' || kind === 'states' ? query.range() : query.instant();
}

function shapeOf({ kind, limits }: Figure): StatBuilder | StatesBuilder | TableBuilder | LinesBuilder {
  if (kind === 'table') {
    const excludeByName = Object.fromEntries(
      ['Time', 'Value', '__name__', 'instance', 'job'].map((name) => [name, true]),
    );
    return new TableBuilder().withTransformation({ id: 'organize', options: { excludeByName } });
  }
  if (kind === 'lines') return new LinesBuilder().min(0).fillOpacity(5);
  if (kind === 'states') return new StatesBuilder().mappings([YES_OR_NO]).thresholds(steps(GOOD_FROM_ONE));
  const stat = new StatBuilder()
    .graphMode(BigValueGraphMode.None)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['last']));
  if (kind === 'answer') return stat.mappings([YES_OR_NO]).thresholds(steps(GOOD_FROM_ONE));
  return stat.thresholds(steps(limits === undefined ? [{ value: null, color: 'blue' }] : badFrom(limits)));
}

const YES_OR_NO: ValueMap = {
  type: MappingType.ValueToText,
  options: { 0: { text: 'no', color: 'red' }, 1: { text: 'yes', color: 'green' } },
};
const GOOD_FROM_ONE: Threshold[] = [
  { value: null, color: 'red' },
  { value: 1, color: 'green' },
];

function badFrom([warning, critical]: readonly [number, number]): Threshold[] {
  const [orange, red] = [
    { value: warning, color: 'orange' },
    { value: critical, color: 'red' },
  ];
  return [{ value: null, color: 'green' }, ...(warning === critical ? [] : [orange]), red];
}

function steps(thresholds: Threshold[]): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(thresholds);
}
