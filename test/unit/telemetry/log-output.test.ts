import { beforeEach, describe, expect, it } from 'vitest';
import { LogOutput } from '../../../src/telemetry/log-output.js';

const failure = (code: string) => Object.assign(new Error(`${code}: no luck`), { code });

/** A log on a disk of so many bytes. */
class Disk {
  room = Infinity;
  error = failure('ENOSPC');
  text = '';
  writes = 0;

  write(bytes: Uint8Array): number {
    this.writes += 1;
    const taken = Math.min(this.room, bytes.length);
    if (taken === 0) throw this.error;
    this.room -= taken;
    this.text += Buffer.from(bytes.subarray(0, taken)).toString('latin1');
    return taken;
  }
}

let disk: Disk;
let told: string[];
let log: LogOutput;
beforeEach(() => {
  disk = new Disk();
  told = [];
  log = new LogOutput({
    write: (bytes) => disk.write(bytes),
    onFailure: ({ message }) => told.push(message),
    onRecovered: (lost) => told.push(`lost ${lost}`),
  });
});

describe('a log whose disk fills', () => {
  it('is written on where it broke off, and no line is lost, once there is room again', () => {
    log.write('one\n');
    disk.room = 5;
    for (const line of ['two\n', 'three\n', 'four\n']) log.write(line);
    expect(disk.text).toBe('one\ntwo\nt');
    disk.room = Infinity;
    log.write('five\n');
    expect(disk.text).toBe('one\ntwo\nthree\nfour\nfive\n');
    expect(told).toEqual(['ENOSPC: no luck']);
  });

  it('keeps a mebibyte of lines at most; how many were lost is said once it can be written again', () => {
    disk.room = 0;
    const line = `${'x'.repeat(1023)}\n`;
    for (let lines = 0; lines < 1034; lines += 1) log.write(line);
    expect(told).toEqual(['ENOSPC: no luck']);
    disk.room = Infinity;
    log.write(line);
    expect(disk.text).toBe(line.repeat(1024));
    expect(told).toEqual(['ENOSPC: no luck', 'lost 11']);
    log.write('on\n');
    expect(disk.text.endsWith('\non\n')).toBe(true);
  });

  it('is said to fail once each time', () => {
    for (const room of [0, 0, Infinity, 0, Infinity]) {
      disk.room = room;
      log.write('line\n');
    }
    expect(told).toEqual(['ENOSPC: no luck', 'ENOSPC: no luck']);
    expect(disk.text).toBe('line\n'.repeat(5));
  });
});

describe('a log whose reader has gone', () => {
  it('is not written any more, and nothing is said', () => {
    disk.room = 0;
    disk.error = failure('EPIPE');
    for (let lines = 0; lines < 3; lines += 1) log.write('line\n');
    expect([disk.writes, told]).toEqual([1, []]);
  });
});
