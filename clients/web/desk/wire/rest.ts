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

export interface Uploaded {
  blob: string;
  mime: string;
  size: number;
  width: number;
  height: number;
}

export class Rest {
  constructor(
    private readonly token: () => string | undefined,
    private readonly base = "",
  ) {}

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

  /** Returns an image; it is shown from a `blob:` address, for `<img>` sends no token. */
  image(blob: string): Promise<Blob> {
    return this.file(`/v1/blobs/${encodeURIComponent(blob)}`);
  }

  /** Returns what is no JSON: a picture, or a table to take along. */
  async file(path: string): Promise<Blob> {
    const answer = await this.fetched(path, { headers: this.headers() });
    if (!answer.ok) throw await errorOf(answer);
    return answer.blob();
  }

  /** Uploads an image into a chat and tells how far it is, from 0 to 1. */
  upload(
    chat: string,
    file: File,
    progress: (share: number) => void,
    signal: AbortSignal,
  ): Promise<Uploaded> {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("POST", `${this.base}/v1/chats/${encodeURIComponent(chat)}/blobs`);
      for (const [name, value] of Object.entries(this.headers())) {
        request.setRequestHeader(name, value);
      }
      request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
      request.setRequestHeader("X-Filename", encodeURIComponent(file.name));
      request.upload.addEventListener("progress", (event) => {
        if (event.lengthComputable) progress(event.loaded / event.total);
      });
      request.addEventListener("load", () => {
        const body = parsed(request.responseText);
        if (request.status < 300) resolve(body as unknown as Uploaded);
        else reject(refusal(request.status, body));
      });
      request.addEventListener("error", () => reject(offline()));
      request.addEventListener("abort", () => reject(offline()));
      signal.addEventListener("abort", () => request.abort());
      request.send(file);
    });
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
      return await fetch(`${this.base}${path}`, request);
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
