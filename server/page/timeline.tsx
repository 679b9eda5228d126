// When the jobs of a run waited and ran, one row each.

import { h } from "preact";
import { duration } from "./format";
import { Job, Run } from "./model";
import { stateOf } from "./state";

const kRow = 22;
const kNames = 200;
const kBars = 700;

export function Timeline({ run, jobs }: { run: Run; jobs: Job[] }) {
  const begin = Date.parse(run.started_at || run.queued_at);
  const end = run.finished_at ? Date.parse(run.finished_at) : Date.now();
  const scale = kBars / Math.max(1, end - begin);
  const at = (time?: string) => kNames + Math.max(0, (time ? Date.parse(time) : end) - begin) * scale;
  const endOfNeeds = new Map(jobs.map((job) => [job.key, job.finished_at]));
  const rows = jobs.filter((job) => job.started_at).map((job, row) => {
    const ready = (job.needs || []).map((need) => endOfNeeds.get(need)).filter(Boolean).sort().pop();
    const [from, start, stop] = [at(ready || run.started_at), at(job.started_at), at(job.finished_at)];
    const took = duration(job.started_at, job.finished_at);
    return (
      <g transform={`translate(0 ${row * kRow})`} key={job.key}>
        <text x="0" y="15">{job.name.slice(0, 28)}</text>
        <rect class="waited" x={from} y="9" width={Math.max(0, start - from)} height="4" />
        <rect class={`ran ${stateOf(job)}`} x={start} y="4" width={Math.max(2, stop - start)} height="14" rx="2">
          <title>{`${job.name}: ${took}`}</title>
        </rect>
        <text class="time" x={kNames + kBars + 8} y="15">{took}</text>
      </g>
    );
  });
  const height = Math.max(kRow, rows.length * kRow);
  return (
    <svg class="timeline" width={kNames + kBars + 90} height={height} role="img" aria-label="Timeline of the jobs">
      {rows}
    </svg>
  );
}
