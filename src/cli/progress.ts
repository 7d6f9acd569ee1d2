import { SingleBar } from 'cli-progress';
import { visibleText } from '../domain/foreign-text.js';

/** Shows on stderr how far something has come. */
export interface Progress {
  /** `note` says in a few words what has been done so far; `total` where it is not the one from the start. */
  show(done: number, note: string, total?: number): void;
  end(): void;
}

const millisecondsBetweenLines = 3000;

/** A bar where stderr is a terminal, else a line every few seconds; with `quiet`, nothing but the bar. */
export function showProgress(what: string, total: number, quiet = false): Progress {
  if (process.stderr.isTTY) return bar(what, total);
  return quiet ? nothing : lines(what, total);
}

const patienceMs = 1500;

/** For what is mostly done at once: on a terminal, a bar once it has taken a while; elsewhere nothing. */
export function showLateProgress(what: string): Progress {
  if (!process.stderr.isTTY) return nothing;
  const start = performance.now();
  let shown: Progress | null = null;
  return {
    show: (done, note) => {
      if (performance.now() - start < patienceMs) return;
      shown ??= bar(what, Infinity);
      shown.show(done, note);
    },
    end: () => shown?.end(),
  };
}

const nothing: Progress = { show: () => undefined, end: () => undefined };

function bar(what: string, total: number): Progress {
  const counted = Number.isFinite(total) ? '{bar} {value}/{total}' : '{value}';
  const drawn = new SingleBar({
    stream: process.stderr,
    format: `${what} ${counted} {note}`,
    hideCursor: true,
    barsize: 30,
    barCompleteChar: '█',
    barIncompleteChar: '░',
  });
  drawn.start(Number.isFinite(total) ? total : 0, 0, { note: '' });
  return {
    show: (done, note, newTotal) => {
      if (newTotal !== undefined) drawn.setTotal(newTotal);
      drawn.update(done, { note: visibleText(note) });
    },
    end: () => {
      drawn.stop();
    },
  };
}

function lines(what: string, total: number): Progress {
  let writtenAt = performance.now();
  return {
    show: (done, note, newTotal = total) => {
      if (performance.now() - writtenAt < millisecondsBetweenLines) return;
      writtenAt = performance.now();
      const of = Number.isFinite(newTotal) ? `/${newTotal}` : '';
      process.stderr.write(`${what} ${done}${of} ${visibleText(note)}\n`);
    },
    end: () => undefined,
  };
}
