// A deployment as it goes: tasks, target health, traffic, the prober's record.

import { h } from "preact";
import { Probe, Rollback, Rollout } from "./model";
import { words } from "./state";

const kWell = ["PENDING", "IN_PROGRESS", "COMPLETED", "SUCCESSFUL"];

function number(rollout: Rollout, name: string): number {
  return typeof rollout[name] === "number" ? (rollout[name] as number) : 0;
}

function text(rollout: Rollout, name: string): string {
  const value = rollout[name];
  return value === undefined || value === null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
}

function targets(rollout: Rollout): string {
  const value = rollout.targets;
  if (!value || typeof value !== "object") return "";
  const entries = Object.entries(value as Record<string, unknown>).filter(([, count]) => count);
  return entries.map(([state, count]) => `${count} ${state}`).join(", ");
}

/** Of each version, where ECS or CodeDeploy shifts it. */
function traffic(rollout: Rollout): { version: string; share: number; tasks: string }[] {
  if (typeof rollout.traffic === "number") {
    const share = rollout.traffic;
    return [{ version: text(rollout, "task_definition") || "new", share, tasks: "" }, { version: "before", share: 100 - share, tasks: "" }];
  }
  const sets = ((rollout.target || {}) as { taskSetsInfo?: Record<string, unknown>[] }).taskSetsInfo || [];
  return sets.map((set) => ({
    version: String(set.taskSetLabel), share: Number(set.trafficWeight || 0), tasks: `${set.runningCount} of ${set.desiredCount} running`,
  }));
}

function Traffic({ rollout }: { rollout: Rollout }) {
  return (
    <div>
      {traffic(rollout).map(({ version, share, tasks }) => (
        <p>
          Traffic to {version}: <meter min={0} max={100} value={String(share)} aria-label={`Traffic to ${version}`} /> {share} % <span class="quiet">{tasks}</span>
        </p>
      ))}
    </div>
  );
}

/** What requests to the service came to while it was rolled out. */
export function ProbeView({ probe }: { probe: Probe }) {
  return (
    <p class="probe">
      <strong class={probe.failed ? "error" : "success"}>{probe.failed ? `${probe.failed} of ${probe.sent}` : `None of ${probe.sent}`} requests failed</strong>{" "}
      to {probe.url} meanwhile: half were answered within {milliseconds(probe.p50_ms)}, 99 of 100 within {milliseconds(probe.p99_ms)}; the longest
      time without a good answer was {milliseconds(probe.longest_gap_ms)}.
    </p>
  );
}

function milliseconds(value: number): string {
  return value < 1000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`;
}

interface Props {
  rollout: Rollout;
  rollbacks: Rollback[]; // of its service, newest first
  asked: boolean; // once: the second time it is meant
  onRollback: () => void;
}

export function RolloutView({ rollout, rollbacks, asked, onRollback }: Props) {
  const state = text(rollout, "status") || text(rollout, "rollout_state") || rollout.state || "";
  const desired = number(rollout, "desired");
  const running = number(rollout, "running");
  return (
    <section class="rollout">
      <h2>{rollout.service || "service"} <small>{rollout.cluster}</small> <span class={`tag ${state.toLowerCase()}`}>{words(state)}</span></h2>
      <p>{text(rollout, "task_definition")} {text(rollout, "stage") && `· ${text(rollout, "stage")}`}</p>
      {desired > 0 && (
        <p>
          Tasks: <progress max={desired} value={String(running)} aria-label="Tasks" /> {running} of {desired} running, {number(rollout, "pending")} pending,{" "}
          {number(rollout, "failed_tasks")} failed
        </p>
      )}
      {targets(rollout) && <p>Targets: {targets(rollout)}</p>}
      <Traffic rollout={rollout} />
      {text(rollout, "reason") && <p class={kWell.includes(state) ? "" : "error"}>{text(rollout, "reason")}</p>}
      {rollbacks.map((one) => (
        <p class={one.state === "failed" || one.state === "lost" ? "error" : ""}>
          Taken back by {one.by}: {words(one.state)} {one.about && <small>{one.about}</small>}
        </p>
      ))}
      {rollout.service && !rollbacks.some((one) => one.state === "running") && (
        <button onClick={onRollback}>{asked ? `Take ${rollout.service} back now` : "Roll back"}</button>
      )}
    </section>
  );
}
