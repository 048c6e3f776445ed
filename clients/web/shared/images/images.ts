/** Images: checked here first, sent with a token, shown from memory. */

/** As the broker takes them (spec F10). */
export const KINDS = ["image/png", "image/jpeg", "image/gif", "image/webp"];
export const MOST_BYTES = 10 * 1024 * 1024;
export const MOST_PER_MESSAGE = 10;

export type Unfit = "kind" | "size" | "empty";

/** Returns why `file` cannot be sent, if that is known already. */
export function unfit(file: File): Unfit | undefined {
  if (!KINDS.includes(file.type)) return "kind";
  if (file.size === 0) return "empty";
  return file.size > MOST_BYTES ? "size" : undefined;
}

/** Returns the images among what was pasted or dropped. */
export function imagesIn(transfer: DataTransfer | null): File[] {
  return [...(transfer?.files ?? [])].filter(({ type }) => type.startsWith("image/"));
}

/** The upload was refused, or did not arrive. */
export class NotUploaded extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

export interface Upload {
  /** The blob's id, to be named in a message. Rejects with `NotUploaded`. */
  done: Promise<string>;
  cancel(): void;
}

/** Uploads at a time: the broker refuses a person who sends many at once. */
const AT_ONCE = 2;
let running = 0;
const waiting: (() => void)[] = [];

/** Sends `file` to `url`; `progress` hears from 0 to 1 how far it is. */
export function upload(
  url: string,
  file: File,
  bearer: string,
  progress: (share: number) => void,
): Upload {
  const { begun, over } = turn();
  // Not `fetch`: it tells nobody how far an upload is.
  const request = new XMLHttpRequest();
  let cancel = (): void => undefined;
  const done = new Promise<string>((resolve, reject) => {
    request.upload.addEventListener("progress", ({ loaded, total }) =>
      progress(total > 0 ? loaded / total : 0),
    );
    request.addEventListener("load", () => {
      const answer: unknown = request.response;
      const { blob, code } = (answer ?? {}) as { blob?: string; code?: string };
      if (request.status < 300 && blob) resolve(blob);
      else reject(new NotUploaded(code ?? String(request.status)));
    });
    for (const ending of ["error", "abort", "timeout"]) {
      request.addEventListener(ending, () => reject(new NotUploaded(ending)));
    }
    request.addEventListener("loadend", over);
    cancel = () => {
      // One that has not begun tells nobody of its end.
      request.abort();
      over();
      reject(new NotUploaded("abort"));
    };
  });
  request.open("POST", url);
  request.responseType = "json";
  request.setRequestHeader("Authorization", bearer);
  request.setRequestHeader("Content-Type", file.type);
  request.setRequestHeader("X-Filename", encodeURIComponent(file.name).slice(0, 200));
  begun(() => request.send(file));
  return { done, cancel };
}

/** Returns a turn to upload: `begun` calls back when it has come, `over` ends it. */
function turn(): { begun: (start: () => void) => void; over: () => void } {
  let state: "waits" | "runs" | "over" = "waits";
  let start = (): void => undefined;
  const begin = (): void => {
    state = "runs";
    running += 1;
    start();
  };
  return {
    begun: (given) => {
      start = given;
      if (running < AT_ONCE) begin();
      else waiting.push(begin);
    },
    over: () => {
      if (state === "waits") waiting.splice(waiting.indexOf(begin), 1);
      if (state === "runs") {
        running -= 1;
        waiting.shift()?.();
      }
      state = "over";
    },
  };
}

/** Images kept in memory; of more, those asked for last. */
const MOST_KEPT = 200;

/** Images of chats, fetched once, as addresses that a page can show. */
export class Gallery {
  private readonly fetched = new Map<string, Promise<string>>();

  constructor(
    private readonly api: string,
    private readonly bearer: () => Promise<string>,
  ) {}

  /** Returns the `blob:` address of an image. Rejects if it cannot be had now. */
  address(blob: string): Promise<string> {
    const known = this.fetched.get(blob);
    if (known) return this.remember(blob, known);
    const fetched = this.fetch(blob);
    // Next time somebody looks it is asked for again.
    fetched.catch(() => this.fetched.delete(blob));
    return this.remember(blob, fetched);
  }

  /** Knows an image already: we have just sent it. */
  keep(blob: string, file: Blob): void {
    if (this.fetched.has(blob)) return;
    void this.remember(blob, Promise.resolve(URL.createObjectURL(file)));
  }

  /** Lets go of all of them. */
  clear(): void {
    for (const address of this.fetched.values()) letGo(address);
    this.fetched.clear();
  }

  private remember(blob: string, address: Promise<string>): Promise<string> {
    this.fetched.delete(blob);
    this.fetched.set(blob, address);
    for (const [oldest, before] of this.fetched) {
      if (this.fetched.size <= MOST_KEPT) break;
      this.fetched.delete(oldest);
      letGo(before);
    }
    return address;
  }

  private async fetch(blob: string): Promise<string> {
    const answer = await fetch(`${this.api}/v1/blobs/${encodeURIComponent(blob)}`, {
      headers: { Authorization: await this.bearer() },
    });
    if (!answer.ok) throw new NotUploaded(String(answer.status));
    return URL.createObjectURL(await answer.blob());
  }
}

function letGo(address: Promise<string>): void {
  address.then(
    (shown) => URL.revokeObjectURL(shown),
    () => undefined,
  );
}
