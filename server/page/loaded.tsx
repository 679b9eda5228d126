// A page whose content is fetched, and fetched again every few seconds.

import { h, Component } from "preact";
import { ApiError, get, post } from "./api";

interface Props<T> {
  path: string;
  every: number; // milliseconds; 0 is once
  onLogin: () => void;
  show: (content: T, ask: (path: string) => void) => JSX.Element; // ask has something done, and looks again
}

interface State<T> {
  content?: T;
  error: string;
}

export class Loaded<T> extends Component<Props<T>, State<T>> {
  state: State<T> = { error: "" };
  private timer = 0;
  private gone = false;

  componentDidMount(): void {
    this.load();
  }

  componentWillUnmount(): void {
    this.gone = true;
    clearTimeout(this.timer);
  }

  componentDidUpdate(before: Props<T>): void {
    if (before.path === this.props.path) return;
    this.setState({ content: undefined });
    this.load();
  }

  private refused = (error: Error): void => {
    if (error instanceof ApiError && error.status === 401) this.props.onLogin();
    this.setState({ error: error.message });
  };

  private ask = (path: string): void => void post(path).then(this.load, this.refused);

  load = (): void => {
    clearTimeout(this.timer);
    const path = this.props.path;
    get<T>(path)
      .then(
        (content) => path === this.props.path && this.setState({ content, error: "" }),
        this.refused
      )
      .then(() => {
        if (!this.gone && this.props.every > 0) this.timer = window.setTimeout(this.load, this.props.every);
      });
  };

  render({ show }: Props<T>, { content, error }: State<T>) {
    return (
      <div>
        {error && <p class="error" role="alert">{error}</p>}
        {content ? show(content, this.ask) : !error && <p class="quiet">Loading…</p>}
      </div>
    );
  }
}
