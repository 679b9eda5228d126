// Deliveries with their verdicts, workers, and the names of secrets.

import { h } from "preact";
import { ago, shortRef } from "./format";
import { Loaded } from "./loaded";
import { Delivery, Names, Workers } from "./model";
import { words } from "./state";

interface Props {
  onLogin: () => void;
}

function Verdict({ delivery }: { delivery: Delivery }) {
  return (
    <td>
      <span class={`tag ${delivery.verdict}`}>{words(delivery.verdict)}</span> {delivery.reason}
      <ul class="plain">
        {(delivery.workflows || []).map((one) => (
          <li>{one.run ? <a href={`/runs/${one.run}`}>{one.workflow}</a> : one.workflow} <span class="quiet">{one.why}</span></li>
        ))}
      </ul>
    </td>
  );
}

export function DeliveriesPage({ onLogin }: Props) {
  return (
    <main>
      <h1>Deliveries</h1>
      <Loaded path="/api/deliveries" every={5000} onLogin={onLogin} show={(answer: { deliveries: Delivery[] }, ask) => (
        <table>
          <thead><tr><th>#</th><th>Event</th><th>Of</th><th>When</th><th>Verdict</th><td /></tr></thead>
          <tbody>
            {answer.deliveries.map((one) => (
              <tr key={String(one.id)}>
                <td>{one.id}</td>
                <td>{one.event}{one.action && ` ${one.action}`}<div class="quiet">{one.forge}</div></td>
                <td>{one.repository}<div class="quiet">{shortRef(one.ref)} {(one.sha || "").slice(0, 7)} {one.sender}</div></td>
                <td>{ago(one.received_at)}</td>
                <Verdict delivery={one} />
                <td><button onClick={() => ask(`/api/deliveries/${one.id}/redeliver`)}>Again</button></td>
              </tr>
            ))}
          </tbody>
        </table>
      )} />
    </main>
  );
}

export function WorkersPage({ onLogin }: Props) {
  return (
    <main>
      <h1>Workers</h1>
      <Loaded path="/api/workers" every={2000} onLogin={onLogin} show={(answer: Workers) => (
        <div>
          <p>
            {answer.workers.length} of {answer.capacity} busy, {answer.queued} waiting.
            {answer.labels.length > 0 && ` Labels: ${answer.labels.join(", ")}.`}
            {answer.paused && <strong> Nothing new is begun: {answer.paused}</strong>}
          </p>
          <table>
            <tbody>
              {answer.workers.map((one) => (
                <tr><td><a href={`/runs/${one.run}`}>Run {one.run}</a></td><td>attempt {one.attempt}</td><td>process {one.pid}</td>
                  <td>since {ago(one.since)}</td><td>heard of {ago(one.heartbeat)}</td></tr>
              ))}
            </tbody>
          </table>
        </div>
      )} />
    </main>
  );
}

export function SecretsPage({ onLogin }: Props) {
  return (
    <main>
      <h1>Secrets and variables</h1>
      <p class="quiet">Secrets are set with <code>pipeline secret set</code> and shown to nobody.</p>
      <Loaded path="/api/secrets" every={0} onLogin={onLogin} show={(answer: Names) => (
        <table>
          <thead><tr><th>Scope</th><th>Name</th><th>Value</th></tr></thead>
          <tbody>
            {answer.secrets.map((one) => <tr><td>{one.scope}</td><td>{one.name}</td><td class="quiet">secret, {ago(one.updated_at)}</td></tr>)}
            {answer.variables.map((one) => <tr><td>{one.scope}</td><td>{one.name}</td><td>{one.value}</td></tr>)}
          </tbody>
        </table>
      )} />
    </main>
  );
}
