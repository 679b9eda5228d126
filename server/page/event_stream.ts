// Server-sent events, read by fetch because EventSource sends no Authorization. Resumes where it was cut.

import { headers } from "./api";

export interface StreamListener {
  onEvent(type: string, data: unknown): void;
  onState(state: "live" | "waiting" | "ended"): void;
}

const kFirstPause = 500;
const kLongestPause = 10000;

export class EventStream {
  private readonly stopper = new AbortController();
  private last = "";
  private pause = kFirstPause;
  private timer = 0;

  constructor(private readonly path: string, private readonly listener: StreamListener) {
    void this.run();
  }

  close(): void {
    this.stopper.abort();
    clearTimeout(this.timer);
  }

  private async run(): Promise<void> {
    while (!this.stopper.signal.aborted) {
      try {
        if (await this.readOnce()) {
          this.listener.onState("ended");
          return;
        }
      } catch {
        // refused, cut or stopped: the pause below tells them apart
      }
      if (this.stopper.signal.aborted) return;
      this.listener.onState("waiting");
      await new Promise((resolve) => (this.timer = window.setTimeout(resolve, this.pause)));
      this.pause = Math.min(this.pause * 2, kLongestPause);
    }
  }

  /** Whether the stream said that it is over. */
  private async readOnce(): Promise<boolean> {
    const more: Record<string, string> = { Accept: "text/event-stream" };
    if (this.last) more["Last-Event-ID"] = this.last;
    const response = await fetch(this.path, { headers: headers(more), signal: this.stopper.signal });
    if (!response.ok || !response.body) return response.status === 404 || response.status === 401;
    this.listener.onState("live");
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return false;
      this.pause = kFirstPause;
      rest += decoder.decode(value, { stream: true });
      const blocks = rest.split("\n\n");
      rest = blocks.pop() || "";
      for (const block of blocks) {
        if (this.take(block)) return true;
      }
    }
  }

  private take(block: string): boolean {
    let type = "message";
    let data = "";
    for (const line of block.split("\n")) {
      const colon = line.indexOf(":");
      const value = line.slice(colon + 1).replace(/^ /, "");
      if (line.startsWith("id:")) this.last = value;
      else if (line.startsWith("event:")) type = value;
      else if (line.startsWith("data:")) data += value;
    }
    if (type === "end") return true;
    if (data) this.listener.onEvent(type, JSON.parse(data));
    return false;
  }
}
