/** What people wrote, as text and nothing else; addresses can be followed. */

import { pieces } from "../../shared/thread/links";

export function Prose({ text }: { text: string }) {
  return (
    <>
      {pieces(text).map((piece, at) =>
        piece.href ? (
          <a
            href={piece.href}
            target="_blank"
            rel="noopener noreferrer nofollow"
            key={at}
          >
            {piece.text}
          </a>
        ) : (
          piece.text
        ),
      )}
    </>
  );
}
