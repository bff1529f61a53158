import { stopwatch } from '../base/clock.ts';
import type { Progress } from '../model/source.ts';
import type { Service } from '../model/vocabulary.ts';
import { formatBytes, formatSeconds } from './format.ts';
import type { Output } from './host.ts';

/** What one service is doing. */
interface Activity {
  readonly service: Service;
  step: string;
  seconds: () => number;
  bytes: number;
  total: number | undefined;
  /** Seconds into the step at which its last line was printed. */
  told: number;
}

/** Shows what several services do at the same time. */
export interface ProgressView {
  of(service: Service): Progress;
  /** A line that stays, above what is redrawn. */
  line(text: string): void;
  close(): void;
}

export type ProgressStyle = 'redrawn' | 'lines' | 'silent';

export function progressView(output: Output, style: ProgressStyle): ProgressView {
  if (style === 'silent')
    return { of: () => SILENT, line: (text) => output.write(`${text}\n`), close: () => undefined };
  return style === 'redrawn' ? new RedrawnProgress(output) : new PlainProgress(output);
}

const SILENT: Progress = { step: () => undefined, bytes: () => undefined };

function activity(service: Service): Activity {
  return { service, step: '', seconds: stopwatch(), bytes: 0, total: undefined, told: 0 };
}

function begin(task: Activity, step: string): void {
  Object.assign(task, { step, seconds: stopwatch(), bytes: 0, total: undefined, told: 0 });
}

/** `12.0 MiB of 1.0 GiB, 34.1 MiB/s`; empty while there are no bytes. */
function amount({ bytes, total, seconds }: Activity): string {
  if (bytes === 0) return '';
  const of = total === undefined ? '' : ` of ${formatBytes(total)}`;
  const elapsed = seconds();
  const rate = elapsed < 0.1 ? '' : `, ${formatBytes(Math.round(bytes / elapsed))}/s`;
  return `${formatBytes(bytes)}${of}${rate}`;
}

const SECONDS_BETWEEN_LINES = 5;
const SHORT_STEP = 1;
/** A service that has done its part and waits for the others. */
const WAITING = 'waiting';

/** One line when a step begins, one every few seconds while it moves bytes, one when a long step ends. */
class PlainProgress implements ProgressView {
  readonly #output: Output;
  readonly #tasks = new Map<Service, Activity>();

  constructor(output: Output) {
    this.#output = output;
  }

  of(service: Service): Progress {
    const task = this.#tasks.get(service) ?? activity(service);
    this.#tasks.set(service, task);
    return {
      step: (name) => {
        if (name === task.step) return;
        this.#end(task);
        begin(task, name);
        this.line(`${service}: ${name}`);
      },
      bytes: (done, total) => this.#moved(task, done, total),
    };
  }

  line(text: string): void {
    this.#output.write(`${text}\n`);
  }

  close(): void {
    for (const task of this.#tasks.values()) this.#end(task);
    this.#tasks.clear();
  }

  #moved(task: Activity, done: number, total: number | undefined): void {
    task.bytes = done;
    task.total = total;
    const elapsed = task.seconds();
    if (elapsed - task.told < SECONDS_BETWEEN_LINES) return;
    task.told = elapsed;
    this.line(`${task.service}: ${task.step}: ${amount(task)}`);
  }

  #end(task: Activity): void {
    if (task.step === '' || task.step === WAITING || task.seconds() < SHORT_STEP) return;
    const moved = amount(task);
    this.line(
      `${task.service}: ${task.step} took ${formatSeconds(task.seconds())}${moved === '' ? '' : ` (${moved})`}`,
    );
  }
}

const MILLISECONDS_BETWEEN_DRAWINGS = 200;
const ESCAPE = '\u001B[';

/** One line for each service, drawn again in place; gone when closed. */
class RedrawnProgress implements ProgressView {
  readonly #output: Output;
  readonly #tasks = new Map<Service, Activity>();
  readonly #timer: NodeJS.Timeout;
  #drawn = 0;

  constructor(output: Output) {
    this.#output = output;
    this.#timer = setInterval(() => this.#draw(), MILLISECONDS_BETWEEN_DRAWINGS);
    this.#timer.unref();
  }

  of(service: Service): Progress {
    const task = this.#tasks.get(service) ?? activity(service);
    this.#tasks.set(service, task);
    return {
      step: (name) => begin(task, name),
      bytes: (done, total) => {
        task.bytes = done;
        task.total = total;
      },
    };
  }

  line(text: string): void {
    this.#clear();
    this.#output.write(`${text}\n`);
    this.#draw();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#clear();
    this.#tasks.clear();
  }

  #draw(): void {
    this.#clear();
    const lines = [...this.#tasks.values()].filter((task) => task.step !== '').map((task) => describe(task));
    if (lines.length > 0)
      this.#output.write(lines.map((line) => `${line.slice(0, this.#output.columns - 1)}\n`).join(''));
    this.#drawn = lines.length;
  }

  #clear(): void {
    if (this.#drawn > 0) this.#output.write(`${ESCAPE}${this.#drawn}A${ESCAPE}0J`);
    this.#drawn = 0;
  }
}

function describe(task: Activity): string {
  return `${task.service.padEnd(12)} ${task.step.padEnd(20)} ${formatSeconds(task.seconds()).padStart(10)}  ${amount(task)}`;
}
