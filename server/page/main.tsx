// The page of `pipeline serve`: which part of it an address stands for.

import { h, Component, render } from "preact";
import { forgetToken, setToken, token } from "./api";
import { DeliveriesPage, SecretsPage, WorkersPage } from "./other_pages";
import { RunPage } from "./run_page";
import { RunsPage } from "./runs_page";

const kPlaces = [["/", "Runs"], ["/deliveries", "Deliveries"], ["/workers", "Workers"], ["/secrets", "Secrets"]];

interface State {
  address: string;
  login: boolean;
}

class Page extends Component<{}, State> {
  state: State = { address: location.pathname + location.search, login: false };

  componentDidMount(): void {
    addEventListener("popstate", () => this.setState({ address: location.pathname + location.search }));
    document.addEventListener("click", (event) => this.follow(event));
  }

  private go = (path: string): void => {
    history.pushState(null, "", path);
    this.setState({ address: location.pathname + location.search });
  };

  /** Links within the page load nothing. */
  private follow(event: MouseEvent): void {
    const link = (event.target as Element).closest("a");
    if (!link || link.origin !== location.origin || link.protocol === "blob:") return;
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    this.go(link.pathname + link.search);
  }

  private login = (): void => this.setState({ login: true });

  private enter = (event: Event): void => {
    event.preventDefault();
    const input = (event.target as HTMLFormElement).elements.namedItem("token") as HTMLInputElement;
    setToken(input.value.trim());
    this.setState({ login: false });
  };

  private content() {
    const path = location.pathname;
    const query = new URLSearchParams(location.search);
    const run = /^\/runs\/(\d+)(?:\/jobs\/([^/]+))?$/.exec(path);
    if (run) {
      return <RunPage key={run[1]} id={Number(run[1])} job={decodeURIComponent(run[2] || "")} line={Number(query.get("line") || 0)}
                      go={this.go} onLogin={this.login} />;
    }
    if (path === "/deliveries") return <DeliveriesPage onLogin={this.login} />;
    if (path === "/workers") return <WorkersPage onLogin={this.login} />;
    if (path === "/secrets") return <SecretsPage onLogin={this.login} />;
    if (path === "/") return <RunsPage key={location.search} query={query} onLogin={this.login} />;
    return <main><h1>Nothing is here</h1><p><a href="/">Runs</a></p></main>;
  }

  render(_: {}, { login }: State) {
    if (login) {
      return (
        <main>
          <h1>pipeline</h1>
          <form onSubmit={this.enter}>
            <label>Token <input name="token" type="password" autocomplete="off" autofocus /></label> <button>Enter</button>
            <p class="quiet">One of those in the daemon's configuration. It is kept in this tab only.</p>
          </form>
        </main>
      );
    }
    return (
      <div>
        <header>
          <a class="brand" href="/">pipeline</a>
          <nav aria-label="Pages">
            {kPlaces.map(([path, name]) => (
              <a href={path} aria-current={location.pathname === path ? "page" : undefined}>{name}</a>
            ))}
          </nav>
          {token() ? <button onClick={() => { forgetToken(); this.login(); }}>Forget token</button>
                   : <button onClick={this.login}>Enter token</button>}
        </header>
        {this.content()}
      </div>
    );
  }
}

render(<Page />, document.body);
