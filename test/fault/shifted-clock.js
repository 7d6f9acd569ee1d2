/*
 * To be loaded before a program (node --import): its clock goes wrong by FAULT_CLOCK_SHIFT_MS, and its measure of time
 * runs FAULT_CLOCK_RATE times as fast.
 */
import { performance } from 'node:perf_hooks';
import process from 'node:process';

const shift = Number(process.env['FAULT_CLOCK_SHIFT_MS'] ?? 0);
const rate = Number(process.env['FAULT_CLOCK_RATE'] ?? 1);
const RealDate = Date;
const realNow = performance.now.bind(performance);

class ShiftedDate extends RealDate {
  constructor(...values) {
    if (values.length === 0) super(RealDate.now() + shift);
    else super(...values);
  }

  static now() {
    return RealDate.now() + shift;
  }
}

globalThis.Date = ShiftedDate;
performance.now = () => realNow() * rate;
