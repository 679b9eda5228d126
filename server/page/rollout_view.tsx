// A deployment as it goes: tasks, target health, traffic, the prober's record.

import { h } from "preact";
import { Rollback, Rollout } from "./model";
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

function Traffic({ share }: { share: number }) {
  return (
    <p>
      Traffic to the new version: <meter min={0} max={100} value={String(share)}>{share} %</meter> {share} %
    </p>
  );
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
      <h3>{rollout.service || "service"} <small>{rollout.cluster}</small> <span class={`tag ${state.toLowerCase()}`}>{words(state)}</span></h3>
      <p>{text(rollout, "task_definition")} {text(rollout, "stage") && `· ${text(rollout, "stage")}`}</p>
      {desired > 0 && (
        <p>
          Tasks: <progress max={desired} value={String(running)} /> {running} of {desired} running, {number(rollout, "pending")} pending,{" "}
          {number(rollout, "failed_tasks")} failed
        </p>
      )}
      {targets(rollout) && <p>Targets: {targets(rollout)}</p>}
      {typeof rollout.traffic === "number" && <Traffic share={rollout.traffic as number} />}
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
