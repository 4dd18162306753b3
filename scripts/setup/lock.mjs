/** One setup at a time: two of them side by side would write into the same folders. */
import { mkdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { say } from './run.mjs';

/** Runs `work` while this process holds the lock; a lock whose holder has ended is taken over. */
export async function withLock(file, work) {
  mkdirSync(dirname(file), { recursive: true });
  for (let told = false; !take(file); await delay(100)) {
    if (isAbandoned(file)) {
      unlinkSync(file);
    } else if (!told) {
      say('another setup is at work; waiting for it');
      told = true;
    }
  }
  const release = () => unlinkSync(file);
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}

function take(file) {
  try {
    writeFileSync(file, JSON.stringify({ pid: process.pid, start: startOf(process.pid) }), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function isAbandoned(file) {
  try {
    const holder = JSON.parse(readFileSync(file, 'utf8'));
    return startOf(holder.pid) !== holder.start;
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    // Being written just now, or left half written long ago.
    return Date.now() - statSync(file).mtimeMs > 5000;
  }
}

/** When a process began, in the kernel's own count: a later process with the same number has another. */
export function startOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
