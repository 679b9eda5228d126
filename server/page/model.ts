// What the daemon's API answers with (docs/openapi.yaml).

export type Status = "queued" | "waiting" | "in_progress" | "completed";

export interface Run {
  id: number;
  number: number;
  attempt: number;
  workflow: string;
  name: string;
  repository: string;
  event: string;
  ref?: string;
  sha?: string;
  actor?: string;
  title?: string;
  delivery?: number;
  trust?: string;
  status: Status;
  conclusion?: string;
  reason?: string;
  queued_at: string;
  started_at?: string;
  finished_at?: string;
}

export interface Step {
  number: number;
  name: string;
  status: Status;
  conclusion?: string;
  first_line?: number;
  lines?: number;
  started_at?: string;
  finished_at?: string;
}

export interface Job {
  key: string;
  name: string;
  needs?: string[];
  status: Status;
  conclusion?: string;
  reason?: string;
  lines?: number;
  started_at?: string;
  finished_at?: string;
  steps: Step[];
}

export interface Annotation {
  job?: string;
  step?: number;
  level: string;
  message: string;
  title?: string;
  file?: string;
  line?: number;
}

export interface Artifact {
  name: string;
  size: number;
}

export interface Target {
  id: string;
  health: string;
}

export interface Rollout {
  job: string;
  service?: string;
  cluster?: string;
  state?: string;
  [more: string]: unknown;
}

export interface Rollback {
  job: string;
  service: string;
  by: string;
  state: string;
  about: string;
}

export interface Probe {
  url: string;
  sent: number;
  failed: number;
  p50_ms: number;
  p99_ms: number;
  longest_gap_ms: number;
}

export interface RunDetails {
  run: Run;
  jobs: Job[];
  annotations: Annotation[];
  artifacts: Artifact[];
  rollouts: Rollout[];
  rollbacks?: Rollback[];
  probe?: Probe;
  summary: string;
  waits_for?: string; // before its first job
}

export interface LogLine {
  time?: string;
  step: number;
  kind: string;
  text: string;
}

export interface LogPart {
  from: number;
  total: number;
  lines: LogLine[];
  damaged?: string;
}

export interface Delivery {
  id: number;
  forge: string;
  guid?: string;
  event: string;
  action?: string;
  repository?: string;
  ref?: string;
  sha?: string;
  sender?: string;
  received_at: string;
  verdict: string;
  reason?: string;
  workflows?: { workflow: string; run?: number; why?: string }[];
}

export interface Workers {
  capacity: number;
  labels: string[];
  paused?: string;
  queued: number;
  workers: { run: number; attempt: number; fence?: number; pid?: number; since?: string; heartbeat?: string }[];
}

export interface Names {
  secrets: { scope: string; name: string; version?: number; updated_at?: string }[];
  variables: { scope: string; name: string; value?: string }[];
}
