// A page whose content is fetched, and fetched again every few seconds.

import { h, Component } from "preact";
import { ApiError, get } from "./api";

interface Props<T> {
  path: string;
  every: number; // milliseconds; 0 is once
  onLogin: () => void;
  show: (content: T, again: () => void) => JSX.Element;
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

  load = (): void => {
    clearTimeout(this.timer);
    const path = this.props.path;
    get<T>(path)
      .then(
        (content) => path === this.props.path && this.setState({ content, error: "" }),
        (error: Error) => {
          if (error instanceof ApiError && error.status === 401) this.props.onLogin();
          this.setState({ error: error.message });
        }
      )
      .then(() => {
        if (!this.gone && this.props.every > 0) this.timer = window.setTimeout(this.load, this.props.every);
      });
  };

  render({ show }: Props<T>, { content, error }: State<T>) {
    return (
      <div>
        {error && <p class="error" role="alert">{error}</p>}
        {content ? show(content, this.load) : !error && <p class="quiet">Loading…</p>}
      </div>
    );
  }
}
