/**
 * Parts of the widget that are loaded when they are needed.
 *
 * Each is a classic script, so that a page's content security policy has to let in no
 * more than the loader's nonce. It hands over what it has in an event on its own
 * `<script>`: no global, and nobody else can answer for it.
 */

const HANDED = "shopwire-chunk";

/** Hands `value` over to whoever loaded this script. */
export function handOver(value: unknown): void {
  document.currentScript?.dispatchEvent(new CustomEvent(HANDED, { detail: value }));
}

/** Loads later parts from `base`, with the nonce of the script that loaded us. */
export class Later {
  private readonly loaded = new Map<string, Promise<unknown>>();

  constructor(
    private readonly base: string,
    private readonly files: Record<string, string>,
    private readonly nonce: string,
  ) {}

  /** Returns the address of a part that is no script. */
  address(name: string): string | undefined {
    const file = this.files[name];
    return file === undefined ? undefined : new URL(file, this.base).href;
  }

  /** Returns whether the part `name` was ever asked for. */
  has(name: string): boolean {
    return this.loaded.has(name);
  }

  /** Returns what the part `name` hands over. Rejects if it cannot be had now. */
  load<T>(name: string): Promise<T> {
    const known = this.loaded.get(name) ?? this.fetch(name);
    this.loaded.set(name, known);
    // It is tried anew when somebody asks again.
    known.catch(() => this.loaded.delete(name));
    return known as Promise<T>;
  }

  private fetch(name: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.async = true;
      script.nonce = this.nonce;
      script.src = this.address(name) ?? "";
      const failed = (): void => reject(new Error(`${name} cannot be loaded`));
      script.addEventListener(HANDED, (event) =>
        resolve((event as CustomEvent).detail),
      );
      script.addEventListener("load", () => {
        script.remove();
        failed();
      });
      script.addEventListener("error", failed);
      document.head.append(script);
    });
  }
}
