/** Addresses in a text. Nothing in a message is ever markup: this finds what to link. */

export interface Piece {
  text: string;
  href?: string;
}

const ADDRESS = /\bhttps?:\/\/[^\s<>"'`]+|\b[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+/gi;
/** Belongs to the sentence rather than to the address it ends with. */
const TRAILING = /[.,;:!?)\]}…]+$/;

/** Returns `text` in pieces, those with `href` to be linked. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let done = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = match[0].replace(TRAILING, "");
    if (match.index > done) found.push({ text: text.slice(done, match.index) });
    const href = /^https?:/i.test(address) ? address : `mailto:${address}`;
    found.push({ text: address, href });
    done = match.index + address.length;
  }
  if (done < text.length) found.push({ text: text.slice(done) });
  return found;
}

/** A cluster that begins with a picture or a flag. */
const EMOJI = /^(?:\p{Extended_Pictographic}|\p{Regional_Indicator}{2})/u;

/** Returns whether `text` is one to three emoji and nothing else: they are shown large. */
export function onlyEmoji(text: string): boolean {
  const bare = text.replace(/\s/g, "");
  // Older browsers cannot tell where one ends.
  if (bare === "" || bare.length > 40 || !("Segmenter" in Intl)) return false;
  const clusters = [...new Intl.Segmenter().segment(bare)];
  return clusters.length <= 3 && clusters.every(({ segment }) => EMOJI.test(segment));
}
