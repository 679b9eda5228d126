// What became of something, as a word for classes and a mark for people.

import { Job } from "./model";

export interface Stateful {
  status: string;
  conclusion?: string;
}

export function stateOf(thing: Stateful): string {
  return thing.status === "completed" ? thing.conclusion || "completed" : thing.status;
}

const kMarks: Record<string, string> = {
  success: "✓", failure: "✗", cancelled: "⊘", skipped: "○", error: "!", host_lost: "!", needs_human: "‼",
  in_progress: "●", queued: "…", waiting: "◔",
};

export function mark(state: string): string {
  return kMarks[state] || "·";
}

export function words(state: string): string {
  return state.replace(/_/g, " ");
}

// What waits for its turn in a concurrency group goes on by itself.
export function waitsForApproval(job: Job): boolean {
  return job.status === "waiting" && (job.reason || "").startsWith("waits for an approval");
}

// What the terminal is told to type are buttons here.
export function withoutCommands(reason: string): string {
  return reason.replace(/: `pipeline .*$/, "");
}
