// The list of runs, with filters in the address.

import { h } from "preact";
import { Loaded } from "./loaded";
import { ago, duration, numbered, shortRef } from "./format";
import { Run } from "./model";
import { mark, stateOf, words } from "./state";

const kFilters = ["repository", "workflow", "branch", "event", "actor"];
const kStatuses = ["queued", "waiting", "in_progress", "completed", "success", "failure", "cancelled", "error", "host_lost", "needs_human"];

interface Answer {
  runs: Run[];
  next?: number;
}

function Row({ run }: { run: Run; key?: string }) {
  const state = stateOf(run);
  return (
    <tr>
      <td class={`state ${state}`} title={words(state)}><span aria-label={words(state)}>{mark(state)}</span></td>
      <td>
        <a href={`/runs/${run.id}`}>{run.title || run.name}</a>
        <div class="quiet">
          {run.repository} · {numbered(run)}
          {run.reason && ` · ${run.reason}`}
        </div>
      </td>
      <td>{shortRef(run.ref)}<div class="quiet"><code>{(run.sha || "").slice(0, 7)}</code></div></td>
      <td>{run.event}<div class="quiet">{run.actor}</div></td>
      <td>{ago(run.queued_at)}<div class="quiet">{duration(run.started_at, run.finished_at)}</div></td>
    </tr>
  );
}

function Filters({ query }: { query: URLSearchParams }) {
  return (
    <form class="filters" method="get" action="/" aria-label="Filters">
      {kFilters.map((name) => (
        <label>
          {name} <input name={name} value={query.get(name) || ""} />
        </label>
      ))}
      <label>
        status{" "}
        <select name="status">
          <option value="">any</option>
          {kStatuses.map((name) => <option value={name} selected={query.get("status") === name}>{words(name)}</option>)}
        </select>
      </label>
      <button>Filter</button>
    </form>
  );
}

export function RunsPage({ query, onLogin }: { query: URLSearchParams; onLogin: () => void; key?: string }) {
  const asked = new URLSearchParams([...query].filter(([, value]) => value));
  const older = (next: number) => {
    const more = new URLSearchParams(asked);
    more.set("before", String(next));
    return "/?" + more;
  };
  return (
    <main>
      <h1>Runs</h1>
      <Filters query={query} />
      <Loaded path={"/api/runs?" + asked} every={3000} onLogin={onLogin} show={(answer: Answer) => (
        <div>
          {answer.runs.length === 0 && (
            <p class="quiet">{String(asked) ? "No such runs." : "No runs yet. A push to a repository that this daemon knows starts one."}</p>
          )}
          <table class="runs">
            <tbody>{answer.runs.map((run) => <Row run={run} key={String(run.id)} />)}</tbody>
          </table>
          {answer.next && <a href={older(answer.next)}>Older runs</a>}
        </div>
      )} />
    </main>
  );
}
