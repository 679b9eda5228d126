// A log of any length: only the lines in view are in the document, and they are fetched in parts.

import { h, Component } from "preact";
import { get, download } from "./api";
import { spansOf } from "./ansi";
import { LogLine, LogPart } from "./model";

const kLineHeight = 20;
const kMargin = 2 * kLineHeight; // rows may reach below the last pixel of a canvas that is not to scale
const kPart = 500;
const kPartsKept = 40;
const kTallest = 8000000; // browsers lay out no more than some 16 or 33 million pixels

interface Props {
  run: number;
  job: string;
  lines: number; // how many there are by now
  live: boolean;
  first: number; // the line to begin at; 0 is the end
}

interface State {
  top: number; // first line in view, from 0
  follow: boolean;
  version: number; // counts up when a part has come
  error: string;
}

export class LogView extends Component<Props, State> {
  state: State = { top: 0, follow: this.props.first === 0, version: 0, error: "" };
  private box?: HTMLElement;
  private parts = new Map<number, LogLine[]>();
  private asked = new Set<number>();
  private height = 600;
  private readonly onResize = () => this.measure();

  componentDidMount(): void {
    addEventListener("resize", this.onResize);
    this.measure();
    if (this.props.first > 0) this.goTo(this.props.first);
  }

  componentWillUnmount(): void {
    removeEventListener("resize", this.onResize);
  }

  componentDidUpdate(before: Props): void {
    if (before.job !== this.props.job || before.run !== this.props.run) {
      this.parts.clear();
      this.asked.clear();
      this.setState({ top: 0, follow: this.props.first === 0, error: "" });
      if (this.props.first > 0) this.goTo(this.props.first);
    } else if (before.lines !== this.props.lines) {
      // The last part may have been fetched before it was full.
      this.asked.delete(Math.floor(Math.max(0, before.lines - 1) / kPart));
    } else if (before.first !== this.props.first && this.props.first > 0) {
      this.goTo(this.props.first);
    }
    if (this.state.follow) this.scrollTo(this.props.lines);
    this.fetchInView();
  }

  private measure(): void {
    if (this.box) this.height = this.box.clientHeight;
    this.setState({ version: this.state.version + 1 });
  }

  private visible(): number {
    return Math.ceil(this.height / kLineHeight);
  }

  private canvas(): number {
    return Math.min(this.props.lines * kLineHeight, kTallest);
  }

  /** Pixels per line: fewer than a line is high when all together were too tall. */
  private pitch(): number {
    const hidden = this.props.lines - this.visible();
    return hidden > 0 ? (this.canvas() - this.height) / hidden : kLineHeight;
  }

  goTo(line: number): void {
    this.setState({ follow: false });
    this.scrollTo(Math.max(0, line - 1 - 3));
  }

  private scrollTo(top: number): void {
    if (!this.box) return;
    const wanted = Math.max(0, top) * this.pitch();
    if (Math.abs(this.box.scrollTop - wanted) >= 1) this.box.scrollTop = wanted;
    this.look();
  }

  private look(): void {
    if (!this.box) return;
    const last = Math.max(0, this.props.lines - this.visible() + 1);
    const top = Math.min(last, Math.round(this.box.scrollTop / this.pitch()));
    if (top !== this.state.top) this.setState({ top });
  }

  private onScroll = () => {
    if (!this.box) return;
    const atEnd = this.box.scrollTop + this.height >= this.canvas() - 2 * kLineHeight;
    if (atEnd !== this.state.follow) this.setState({ follow: atEnd });
    this.look();
  };

  private fetchInView(): void {
    const first = Math.floor(this.state.top / kPart);
    const last = Math.floor(Math.max(0, this.state.top + this.visible()) / kPart);
    for (let part = first; part <= last && part * kPart < this.props.lines; ++part) this.fetchPart(part);
  }

  private fetchPart(part: number): void {
    if (this.asked.has(part)) return;
    this.asked.add(part);
    const { run, job } = this.props;
    const path = `/api/runs/${run}/jobs/${encodeURIComponent(job)}/log?from=${part * kPart + 1}&count=${kPart}`;
    get<LogPart>(path).then(
      (answer) => {
        if (run !== this.props.run || job !== this.props.job) return;
        this.parts.set(part, answer.lines);
        if (this.parts.size > kPartsKept) this.dropFarthest(part);
        this.setState({ version: this.state.version + 1, error: answer.damaged ?? "" });
      },
      (error: Error) => {
        this.setState({ error: error.message });
        setTimeout(() => {
          this.asked.delete(part);
          this.fetchInView();
        }, 2000);
      }
    );
  }

  private dropFarthest(from: number): void {
    const farthest = [...this.parts.keys()].reduce((a, b) => (Math.abs(a - from) > Math.abs(b - from) ? a : b));
    this.parts.delete(farthest);
    this.asked.delete(farthest);
  }

  private lineAt(index: number): LogLine | undefined {
    return this.parts.get(Math.floor(index / kPart))?.[index % kPart];
  }

  private row(index: number, top: number) {
    const line = this.lineAt(index);
    const number = index + 1;
    const marked = this.props.first === number ? " marked" : "";
    return (
      <div class={`line ${line ? line.kind : "coming"}${marked}`} key={String(number)} style={{ top: `${top}px` }}>
        <a href={`?line=${number}`} class="number" aria-label={`Line ${number}`} tabIndex={-1}>
          {number}
        </a>
        <span class="text">
          {line ? spansOf(line.text).map((span) => <span class={span.classes}>{span.text}</span>) : "…"}
        </span>
      </div>
    );
  }

  private ask = (event: Event) => {
    event.preventDefault();
    const input = (event.target as HTMLFormElement).elements.namedItem("line") as HTMLInputElement;
    const line = Number(input.value);
    if (line >= 1) this.goTo(Math.min(line, this.props.lines));
  };

  render({ run, job, lines, live }: Props, { top, follow, error }: State) {
    const rows = [];
    const offset = top * this.pitch();
    for (let i = 0; i <= this.visible() && top + i < lines; ++i) rows.push(this.row(top + i, offset + i * kLineHeight));
    const path = `/api/runs/${run}/jobs/${encodeURIComponent(job)}/log?format=text`;
    return (
      <section class="log-view">
        <div class="bar">
          <span>{lines.toLocaleString()} lines</span>
          <form onSubmit={this.ask}>
            <label>
              Go to line <input name="line" type="number" min="1" />
            </label>
          </form>
          <button onClick={() => this.goTo(1)}>Beginning</button>
          <button aria-pressed={follow ? "true" : "false"} onClick={() => this.setState({ follow: true })}>
            {live ? "Follow" : "End"}
          </button>
          <button onClick={() => void download(path, `${job}.log`).catch((e: Error) => this.setState({ error: e.message }))}>
            Download
          </button>
          {error && <span class="error" role="alert">{error}</span>}
        </div>
        <div class="log" role="log" aria-label={`Log of ${job}`} tabIndex={0} onScroll={this.onScroll}
             ref={(box?: Element) => { this.box = box as HTMLElement | undefined; }}>
          <div class="canvas" style={{ height: `${this.canvas() + kMargin}px` }}>{rows}</div>
        </div>
      </section>
    );
  }
}
