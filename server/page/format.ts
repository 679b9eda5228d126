// Texts for people.

import { Run } from "./model";

export function duration(from?: string, to?: string): string {
  if (!from) return "";
  const seconds = Math.max(0, (to ? Date.parse(to) : Date.now()) - Date.parse(from)) / 1000;
  if (seconds < 10) return seconds.toFixed(1) + "s";
  if (seconds < 60) return Math.round(seconds) + "s";
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${Math.round(seconds % 60)}s`;
  return `${Math.floor(minutes / 60)}h ${minutes % 60}m`;
}

export function ago(time?: string): string {
  if (!time) return "";
  const seconds = (Date.now() - Date.parse(time)) / 1000;
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return new Date(time).toLocaleDateString();
}

export function bytes(count: number): string {
  const units = ["B", "KiB", "MiB", "GiB"];
  let unit = 0;
  while (count >= 1024 && unit < units.length - 1) {
    count /= 1024;
    ++unit;
  }
  return `${unit ? count.toFixed(1) : count} ${units[unit]}`;
}

export function shortRef(ref?: string): string {
  return (ref || "").replace(/^refs\/(heads|tags)\//, "").replace(/^refs\/pull\/(\d+)\/.*/, "#$1");
}

/** What has not begun has no number yet. */
export function numbered(run: Run): string {
  return run.name + (run.number > 0 ? ` #${run.number}` : "") + (run.attempt > 1 ? `, attempt ${run.attempt}` : "");
}
