// The jobs of a run and what they need.

import { h } from "preact";
import { layOut } from "./graph_layout";
import { Job } from "./model";
import { mark, stateOf, words } from "./state";
import { duration } from "./format";

const kWidth = 190;
const kHeight = 38;
const kGapX = 60;
const kGapY = 14;

function clipped(text: string): string {
  return text.length > 22 ? text.slice(0, 21) + "…" : text;
}

export function GraphView({ jobs, onChoose }: { jobs: Job[]; onChoose: (key: string) => void }) {
  const layout = layOut(jobs.map((job) => ({ key: job.key, needs: job.needs || [] })));
  const x = (column: number) => column * (kWidth + kGapX) + 8;
  const y = (row: number) => row * (kHeight + kGapY) + 8;
  const edges = [];
  for (const job of jobs) {
    const to = layout.places.get(job.key);
    for (const need of job.needs || []) {
      const from = layout.places.get(need);
      if (!from || !to) continue;
      const [x1, y1, x2, y2] = [x(from.column) + kWidth, y(from.row) + kHeight / 2, x(to.column), y(to.row) + kHeight / 2];
      const middle = (x1 + x2) / 2;
      edges.push(<path class="edge" d={`M${x1} ${y1} C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`} />);
    }
  }
  const nodes = jobs.map((job) => {
    const place = layout.places.get(job.key);
    if (!place) return null;
    const state = stateOf(job);
    return (
      <g class={`node ${state}`} transform={`translate(${x(place.column)} ${y(place.row)})`} key={job.key} tabIndex={0}
         role="link" aria-label={`${job.name}: ${words(state)}`} onClick={() => onChoose(job.key)}
         onKeyDown={(event: KeyboardEvent) => event.key === "Enter" && onChoose(job.key)}>
        <title>{job.reason ? `${job.name}: ${job.reason}` : job.name}</title>
        <rect width={kWidth} height={kHeight} rx="6" />
        <text x="10" y="24">{mark(state)} {clipped(job.name)}</text>
        <text class="time" x={kWidth - 8} y="24">{duration(job.started_at, job.finished_at)}</text>
      </g>
    );
  });
  const width = layout.columns * (kWidth + kGapX);
  const height = layout.rows * (kHeight + kGapY) + 8;
  return (
    <div class="graph">
      <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="group" aria-label="Jobs">
        {edges}
        {nodes}
      </svg>
    </div>
  );
}
