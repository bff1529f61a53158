import type { Command } from 'commander';
import { count, formatTable } from '../format.ts';
import type { SettingLine } from '../host.ts';
import type { Act, Invocation } from '../invocation.ts';
import type { Outcome } from '../outcome.ts';

export function registerConfig(program: Command, act: Act): void {
  const config = program.command('config').description('show or check the settings');
  config
    .command('show')
    .description('print every setting, its value and where it came from; secrets as "set" or "not set"')
    .action(() => act(show));
  config
    .command('check')
    .description('print every error of the configuration at once')
    .action(() => act(check));
}

async function show({ host }: Invocation): Promise<Outcome> {
  const { settings, errors } = await host.configuration();
  return { data: { settings }, text: settingsText(settings), errors };
}

async function check({ host }: Invocation): Promise<Outcome> {
  const { settings, errors } = await host.configuration();
  const notes = settings.flatMap((each) => each.note ?? []);
  const good = errors.length === 0 ? [`the configuration is good: ${count(settings.length, 'setting')}`] : [];
  return { data: { settings: settings.length, effectless: notes }, text: [...good, ...notes].join('\n'), errors };
}

function settingsText(settings: readonly SettingLine[]): string {
  const groups = [...new Set(settings.map((each) => each.group))];
  return groups
    .map((group) => `# ${group}\n${groupText(settings.filter((each) => each.group === group))}`)
    .join('\n\n');
}

function groupText(settings: readonly SettingLine[]): string {
  const rows = formatTable(settings, [
    { title: '', of: ({ name }) => name },
    { title: '', of: valueText },
    { title: '', of: ({ origin, where, set }) => (set ? (origin === 'file' ? where : origin) : '') },
  ]);
  return rows.slice(rows.indexOf('\n') + 1);
}

function valueText({ secret, set, value }: SettingLine): string {
  if (!set) return 'not set';
  return secret ? 'set' : (value ?? '');
}
