// One run: its jobs as a graph and a timeline, what they said, and their logs as they grow.

import { h, Component } from "preact";
import { ApiError, download, get, post } from "./api";
import { EventStream } from "./event_stream";
import { bytes, duration, numbered, shortRef } from "./format";
import { GraphView } from "./graph_view";
import { LogView } from "./log_view";
import { Markdown } from "./markdown";
import { Job, Rollout, Run, RunDetails } from "./model";
import { ProbeView, RolloutView } from "./rollout_view";
import { mark, stateOf, waitsForApproval, withoutCommands, words } from "./state";
import { Timeline } from "./timeline";

interface Props {
  id: number;
  job: string; // whose log is open; empty is none
  line: number;
  go: (path: string) => void;
  onLogin: () => void;
}

interface State {
  details?: RunDetails;
  lines: Record<string, number>;
  connection: string;
  error: string;
  message: string;
  takesBack?: string; // the service whose button was pressed once
}

const kPause = 300; // many events come at once: one look after them is enough

export class RunPage extends Component<Props, State> {
  state: State = { lines: {}, connection: "", error: "", message: "" };
  private stream?: EventStream;
  private timer = 0;

  componentDidMount(): void {
    this.load();
    this.stream = new EventStream(`/api/runs/${this.props.id}/events`, {
      onEvent: (type, data) => this.take(type, data),
      onState: (connection) => {
        this.setState({ connection });
        if (connection === "ended") this.load(); // how it ended is known after its last event
      },
    });
  }

  componentDidUpdate(): void {
    const run = this.state.details?.run;
    if (run) document.title = `${mark(stateOf(run))} ${run.title || run.name} · pipeline`;
  }

  componentWillUnmount(): void {
    document.title = "pipeline";
    this.stream?.close();
    clearTimeout(this.timer);
  }

  private take(type: string, data: unknown): void {
    if (type === "log") {
      const grown = data as { job: string; lines: number };
      this.setState({ lines: { ...this.state.lines, [grown.job]: grown.lines } });
      return;
    }
    if (!this.timer) this.timer = window.setTimeout(this.load, kPause);
  }

  private load = (): void => {
    this.timer = 0;
    get<RunDetails>(`/api/runs/${this.props.id}`).then(
      (details) => {
        const lines = { ...this.state.lines };
        for (const job of details.jobs) lines[job.key] = Math.max(lines[job.key] || 0, job.lines || 0);
        this.setState({ details, lines, error: "" });
      },
      (error: Error) => {
        this.loginIfAsked(error);
        this.setState({ error: error.message });
      }
    );
  };

  private loginIfAsked(error: Error): void {
    if (error instanceof ApiError && error.status === 401) this.props.onLogin();
  }

  private act(what: string, path: string, body: unknown = {}, then: (answer: { run: Run }) => void = this.load): void {
    post<{ run: Run }>(path, body).then(
      (answer) => {
        this.setState({ message: `${what}: asked for` });
        then(answer);
      },
      (error: Error) => {
        this.loginIfAsked(error);
        this.setState({ message: `${what}: ${error.message}` });
      }
    );
  }

  private runAgain(body: unknown): void {
    this.act("Run again", `/api/runs/${this.props.id}/rerun`, body, ({ run }) => this.props.go(`/runs/${run.id}`));
  }

  private fetch(name: string): void {
    download(`/api/runs/${this.props.id}/artifacts/${encodeURIComponent(name)}`, name).catch(
      (error: Error) => {
        this.loginIfAsked(error);
        this.setState({ message: `${name}: ${error.message}` });
      }
    );
  }

  private takeBack(rollout: Rollout): void {
    if (this.state.takesBack !== rollout.service) return this.setState({ takesBack: rollout.service });
    this.setState({ takesBack: undefined });
    this.act("Roll back", `/api/runs/${this.props.id}/jobs/${encodeURIComponent(rollout.job)}/rollback`, { service: rollout.service });
  }

  private buttons(details: RunDetails) {
    const { run } = details;
    const path = `/api/runs/${run.id}`;
    if (run.status === "waiting" && details.jobs.length === 0) {
      return (
        <span>
          <button onClick={() => this.act("Approve", `${path}/decision`, { approve: true })}>Let it begin</button>
          <button onClick={() => this.act("Reject", `${path}/decision`, { approve: false })}>Reject</button>
        </span>
      );
    }
    return run.status === "completed" ? (
      <span>
        <button onClick={() => this.runAgain({})}>Run all again</button>
        {run.conclusion !== "success" && (
          <button onClick={() => this.runAgain({ failed: true })}>Run failed jobs again</button>
        )}
      </span>
    ) : (
      <button onClick={() => this.act("Cancel", `${path}/cancel`)}>Cancel</button>
    );
  }

  private jobList(details: RunDetails) {
    const path = `/runs/${this.props.id}`;
    return (
      <ul class="jobs">
        {details.jobs.map((job) => (
          <li class={job.key === this.props.job ? "chosen" : ""} key={job.key}>
            <a href={`${path}/jobs/${encodeURIComponent(job.key)}`}>
              <span class={`state ${stateOf(job)}`} aria-label={words(stateOf(job))}>{mark(stateOf(job))}</span> {job.name}
            </a>
            <span class="quiet"> {duration(job.started_at, job.finished_at)}</span>
            {job.reason && <div class="quiet">{withoutCommands(job.reason)}</div>}
            {waitsForApproval(job) && this.decision(job)}
          </li>
        ))}
      </ul>
    );
  }

  private decision(job: Job) {
    const path = `/api/runs/${this.props.id}/jobs/${encodeURIComponent(job.key)}/decision`;
    return (
      <div>
        <button onClick={() => this.act("Approve", path, { approve: true })}>Approve</button>
        <button onClick={() => this.act("Reject", path, { approve: false })}>Reject</button>
      </div>
    );
  }

  private steps(job: Job) {
    return (
      <ol class="steps">
        {job.steps.map((step) => (
          <li key={`${step.number} ${step.name}`}>
            <a href={`?line=${step.first_line || 1}`}>
              <span class={`state ${stateOf(step)}`} aria-label={words(stateOf(step))}>{mark(stateOf(step))}</span> {step.name}
            </a>
            <span class="quiet"> {duration(step.started_at, step.finished_at)}</span>
          </li>
        ))}
      </ol>
    );
  }

  private overview(details: RunDetails) {
    return (
      <div>
        <GraphView jobs={details.jobs} onChoose={(key) => this.props.go(`/runs/${this.props.id}/jobs/${encodeURIComponent(key)}`)} />
        {details.rollouts.map((rollout) => (
          <RolloutView rollout={rollout} rollbacks={(details.rollbacks || []).filter((one) => one.service === rollout.service)}
                       asked={this.state.takesBack === rollout.service} onRollback={() => this.takeBack(rollout)} />
        ))}
        {details.probe && <ProbeView probe={details.probe} />}
        {details.annotations.length > 0 && <h2>Annotations</h2>}
        {details.annotations.map((one) => (
          <div class={`annotation ${one.level}`}>
            <strong>{one.title || one.level}</strong> <span class="quiet">{one.job} {one.file && `${one.file}:${one.line || 1}`}</span>
            <pre>{one.message}</pre>
          </div>
        ))}
        {details.summary && <h2>Summary</h2>}
        {details.summary && <Markdown text={details.summary} />}
        {details.artifacts.length > 0 && <h2>Artifacts</h2>}
        <ul class="plain">{details.artifacts.map((one) => (
          <li><button onClick={() => this.fetch(one.name)}>{one.name}</button> <span class="quiet">{bytes(one.size)}</span></li>
        ))}</ul>
        <h2>Timeline</h2>
        <Timeline run={details.run} jobs={details.jobs} />
      </div>
    );
  }

  render({ id, job: key, line }: Props, { details, lines, connection, error, message }: State) {
    if (!details) return <main>{error ? <p class="error" role="alert">{error}</p> : <p class="quiet">Loading…</p>}</main>;
    const { run } = details;
    const job = details.jobs.find((one) => one.key === key);
    return (
      <main class="run">
        <h1>
          <span class={`state ${stateOf(run)}`}>{mark(stateOf(run))}</span> {run.title || run.name}
        </h1>
        <p class="quiet">
          {run.repository} · {numbered(run)} · {run.event} of {shortRef(run.ref)} <code>{(run.sha || "").slice(0, 7)}</code> by{" "}
          {run.actor} · {words(stateOf(run))} {duration(run.started_at, run.finished_at)} {run.reason && `· ${run.reason}`}
        </p>
        <p>
          {this.buttons(details)} <a href={`/runs/${id}`}>Overview</a>{" "}
          <span class="quiet" role="status">{connection === "waiting" ? "connection lost, trying again" : message}</span>
        </p>
        {details.waits_for && <p class="waiting">The run {details.waits_for}.</p>}
        <div class="columns">
          <nav aria-label="Jobs">{this.jobList(details)}</nav>
          <div class="content">
            {job ? (
              <div>
                <h2>{job.name}</h2>
                {this.steps(job)}
                <LogView run={id} job={job.key} lines={lines[job.key] || 0} live={job.status !== "completed"} first={line} />
              </div>
            ) : (
              this.overview(details)
            )}
          </div>
        </div>
      </main>
    );
  }
}
