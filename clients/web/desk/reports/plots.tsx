/** Plots of our own: bars with their values written on them, and a table behind each. */

import { t } from "../words/words";
import { type Bar, labelled } from "./figures";

const HEIGHT = 120;
/** A digit is so wide, at most. */
const DIGIT = 7.5;
const FOOT = 20;
const HEAD = 18;
/** About as wide as it is drawn, so that its words are as large as others. */
const WIDTH = 360;
/** Labels below the bars that fit beside each other. */
const LABELS = 8;

/** Bars beside each other, over time. Whoever cannot see them gets the table instead. */
export function Columns({ bars, name }: { bars: readonly Bar[]; name: string }) {
  const most = Math.max(1, ...bars.map((bar) => bar.value));
  const step = WIDTH / Math.max(1, bars.length);
  const wide = Math.min(32, Math.max(1, step - 2));
  const shown = labelled(bars, LABELS);
  // Where they would run into each other, the highest alone says what it is.
  const valued = step >= String(most).length * DIGIT;
  return (
    <>
      <svg
        class="plot"
        viewBox={`0 0 ${WIDTH} ${HEAD + HEIGHT + FOOT}`}
        role="img"
        aria-label={name}
      >
        <line
          class="plot-ground"
          x1="0"
          x2={WIDTH}
          y1={HEAD + HEIGHT}
          y2={HEAD + HEIGHT}
        />
        {bars.map((bar, at) => {
          const high = (bar.value / most) * HEIGHT;
          const middle = (at + 0.5) * step;
          const top = HEAD + HEIGHT - high;
          const peak = !valued && bar.value === most;
          return (
            <g key={bar.label}>
              {bar.value > 0 && (
                <rect
                  class="plot-bar"
                  x={middle - wide / 2}
                  y={top}
                  width={wide}
                  height={high}
                  rx={Math.min(3, wide / 2)}
                />
              )}
              {bar.value > 0 && (valued || peak) && (
                <text class="plot-value" x={middle} y={top - 4}>
                  {bar.value}
                </text>
              )}
              {shown[at] && (
                <text class="plot-label" x={middle} y={HEAD + HEIGHT + 15}>
                  {bar.label}
                </text>
              )}
            </g>
          );
        })}
      </svg>
      <Table
        head={[name, t("rep_chats")]}
        rows={bars.filter((bar) => bar.value > 0).map((bar) => [bar.label, bar.value])}
      />
    </>
  );
}

export interface Share {
  label: string;
  /** From 0 to 1. */
  share: number;
  said: string;
  bad?: boolean;
}

/** Bars below each other, each with its words: it is its own table. */
export function Shares({ shares, name }: { shares: readonly Share[]; name: string }) {
  return (
    <ul class="shares" aria-label={name}>
      {shares.map(({ label, share, said, bad }) => (
        <li key={label}>
          <span class="ellipsis">{label}</span>
          <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
            <rect class="share-ground" width="100" height="8" rx="2" />
            <rect
              class={bad ? "share-bad" : "plot-bar"}
              width={Math.max(0, Math.min(1, share)) * 100}
              height="8"
              rx="2"
            />
          </svg>
          <strong>{said}</strong>
        </li>
      ))}
    </ul>
  );
}

/** The figures of a plot, for whoever cannot see it. */
function Table(props: {
  head: readonly string[];
  rows: readonly (readonly (string | number)[])[];
}) {
  return (
    <div class="unseen">
      <table>
        <thead>
          <tr>
            {props.head.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {props.rows.map(([label, ...values]) => (
            <tr key={label}>
              <th scope="row">{label}</th>
              {values.map((value, at) => (
                <td key={at}>{value}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
