/** The protocol client for browsers, as a module: see docs/widget.md. */

export {
  Link,
  LinkClosed,
  Refused,
  type Asked,
  type Cut,
  type Heard,
  type LinkOptions,
  type LinkState,
} from "./protocol/link";
export type * from "./protocol/frames";
export { TypingIn } from "./protocol/typing";
export type { Token } from "./protocol/token";
