/**
 * The event that the answer to one's own write stands for (protocol section 3).
 *
 * The answer says where the event stands, the request what it says. Where the server may
 * have said it differently there is none: then the event is fetched like any other.
 */

import type { Event, Fields, Person, Reply, Request } from "./frames";

/** Returns the event of `request` as anybody else receives it, if that is certain. */
export function ownEvent(
  request: Request | undefined,
  reply: Reply,
  by: Person,
  insider: boolean,
): Event | undefined {
  const said = request && !reply.body_differs ? saidBy(request, insider) : undefined;
  const { chat, seq, prev, at } = reply;
  if (!said || chat === undefined || seq === undefined) return undefined;
  if (prev === undefined || at === undefined) return undefined;
  return { chat, seq, prev, at, by, kind: said[0], body: said[1] };
}

function saidBy(request: Request, insider: boolean): [string, Fields] | undefined {
  const { op, text, blobs } = request;
  switch (op) {
    case "msg.send":
      if (request["macro"] || !(text || (blobs as [] | undefined)?.length)) return;
      // Only an agent holds: from a shopper the word means nothing.
      return ["msg", { ...message(request), ...(insider && flag(request, "hold")) }];
    case "chat.start":
      return ["msg", message(request)];
    case "note.add":
      return ["note", { text }];
    case "chat.end":
      if (!insider) return ["closed", { reason: "shopper" }];
      return ["closed", { reason: "agent", ...flag(request, "no_csat") }];
    case "rate":
      return ["rated", { score: request["score"], ...(text ? { text } : {}) }];
    default:
      return;
  }
}

function message({ text, blobs }: Request): Fields {
  const images = blobs as string[] | undefined;
  return { text: text ?? "", ...(images?.length ? { blobs: images } : {}) };
}

function flag(request: Request, name: string): Fields {
  return request[name] ? { [name]: true } : {};
}
