// Calls of the daemon's API. The token lives in this tab only.

const kTokenKey = "pipeline-token";

export function token(): string {
  return sessionStorage.getItem(kTokenKey) || "";
}

export function setToken(value: string): void {
  sessionStorage.setItem(kTokenKey, value);
}

export function forgetToken(): void {
  sessionStorage.removeItem(kTokenKey);
}

export class ApiError extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

export function headers(more: Record<string, string> = {}): Record<string, string> {
  return token() ? { Authorization: "Bearer " + token(), ...more } : more;
}

async function answerOf(response: Response): Promise<Response> {
  if (response.ok) return response;
  let message = `the daemon answered ${response.status}`;
  try {
    message = (await response.json()).error.message || message;
  } catch {
    // not in the words of the API: the status says enough
  }
  throw new ApiError(response.status, message);
}

export async function get<T>(path: string): Promise<T> {
  return (await answerOf(await fetch(path, { headers: headers() }))).json();
}

export async function post<T>(path: string, body: unknown = {}): Promise<T> {
  const request = { method: "POST", headers: headers({ "Content-Type": "application/json" }), body: JSON.stringify(body) };
  const text = await (await answerOf(await fetch(path, request))).text();
  return (text ? JSON.parse(text) : {}) as T;
}

/** A file for the user: links cannot carry the token. */
export async function download(path: string, name: string): Promise<void> {
  const blob = await (await answerOf(await fetch(path, { headers: headers() }))).blob();
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
