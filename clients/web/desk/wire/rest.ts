/** The broker's REST API, asked with the agent's token. */

/** A request that was refused, or never got there (`code` is `offline` then). */
export class RestError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** The field at fault, as `$.settings.check_in.remind_s`, and what is wrong there. */
    readonly path?: string,
    readonly reason?: string,
    readonly retryMs?: number,
    /** The newest version, where another was expected. */
    readonly version?: number,
  ) {
    super(message);
  }
}

export class Rest {
  constructor(private readonly token: () => string | undefined) {}

  get<T>(path: string): Promise<T> {
    return this.ask<T>("GET", path);
  }

  put<T>(path: string, body: unknown): Promise<T> {
    return this.ask<T>("PUT", path, body);
  }

  post<T>(path: string, body: unknown): Promise<T> {
    return this.ask<T>("POST", path, body);
  }

  patch<T>(path: string, body: unknown): Promise<T> {
    return this.ask<T>("PATCH", path, body);
  }

  delete<T>(path: string): Promise<T> {
    return this.ask<T>("DELETE", path);
  }

  /** Returns what is no JSON: a picture, or a table to take along. */
  async file(path: string): Promise<Blob> {
    const answer = await this.fetched(path, { headers: this.headers() });
    if (!answer.ok) throw await errorOf(answer);
    return answer.blob();
  }

  private async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const headers = this.headers();
    const request: RequestInit =
      body === undefined
        ? { method, headers }
        : {
            method,
            headers: { ...headers, "Content-Type": "application/json" },
            body: JSON.stringify(body),
          };
    const answer = await this.fetched(path, request);
    if (!answer.ok) throw await errorOf(answer);
    return (await answer.json()) as T;
  }

  private async fetched(path: string, request: RequestInit): Promise<Response> {
    try {
      return await fetch(path, request);
    } catch {
      throw offline();
    }
  }

  private headers(): Record<string, string> {
    const token = this.token();
    return token ? { Authorization: `Bearer ${token}` } : {};
  }
}

type Json = Record<string, unknown>;

async function errorOf(answer: Response): Promise<RestError> {
  return refusal(answer.status, parsed(await answer.text()));
}

function refusal(status: number, body: Json): RestError {
  const word = (name: string) =>
    typeof body[name] === "string" ? (body[name] as string) : undefined;
  const count = (name: string) =>
    typeof body[name] === "number" ? (body[name] as number) : undefined;
  return new RestError(
    status,
    word("code") ?? "unavailable",
    word("message") ?? "",
    word("path"),
    word("reason"),
    count("retry_ms"),
    count("version"),
  );
}

function offline(): RestError {
  return new RestError(0, "offline", "There is no connection.");
}

function parsed(text: string): Json {
  try {
    const body: unknown = JSON.parse(text);
    return body !== null && typeof body === "object" ? (body as Json) : {};
  } catch {
    return {};
  }
}
