/**
 * A list of which only what is on the screen is drawn, however long it is.
 *
 * Heights are guessed until they are measured. Whatever changes above what is looked at,
 * what is looked at stays where it is; at the end, the list stays at its end.
 */

import type { ComponentChild } from "preact";
import { useEffect, useLayoutEffect, useMemo, useReducer, useRef } from "preact/hooks";
import { Offsets } from "../state/offsets";

/** Drawn beyond each edge of the screen, in pixels: a fast scroll shows no gaps. */
const BEYOND = 480;
/** With less than this left beyond an edge it is drawn anew: not at every step. */
const LEAST = 160;
/** This near to the end counts as at the end. */
const NEAR = 40;

export interface Scroller {
  toEnd(): void;
  toKey(key: string): void;
  atEnd(): boolean;
}

interface Props<T> {
  items: readonly T[];
  keyOf: (item: T) => string;
  /** Height of an item that was never drawn. */
  guess: (item: T) => number;
  draw: (item: T, at: number) => ComponentChild;
  /** Whether it begins at its end and stays there. */
  endFirst?: boolean;
  /** What `draw` depends on besides the item: items are drawn anew when it changes. */
  stamp: unknown;
  /** Whether all heights are as guessed: then none is measured. */
  fixed?: boolean;
  /** What it is a list of: another one begins anew. */
  of: string;
  scroller?: { current: Scroller | null };
  onStart?: (() => void) | undefined;
  onEnd?: (() => void) | undefined;
  onScroll?: (atEnd: boolean) => void;
  head?: ComponentChild;
  foot?: ComponentChild;
}

export function Virtual<T>(props: Props<T>) {
  const { items, keyOf, guess, endFirst = false, fixed = false } = props;
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const box = useRef<HTMLDivElement>(null);
  const inner = useRef<HTMLDivElement>(null);
  const place = useRef({ top: 0, height: 800, headed: 0, stuck: endFirst, of: "" });
  const anchor = useRef<{ key: string; above: number } | null>(null);
  const heights = useRef(new Map<string, number>());
  const last = useRef(props);
  last.current = props;

  if (place.current.of !== props.of) {
    place.current = { ...place.current, of: props.of, stuck: endFirst, top: 0 };
    anchor.current = null;
    if (heights.current.size > 0) heights.current = new Map();
  }
  const version = useRef(0);
  const offsets = useMemo(
    () =>
      new Offsets(items.length, (at) => {
        const item = items[at];
        if (item === undefined) return 0;
        return heights.current.get(keyOf(item)) ?? guess(item);
      }),
    [items, version.current, props.of],
  );

  const { top, height, headed } = place.current;
  const start = place.current.stuck
    ? Math.max(0, offsets.total - height - BEYOND)
    : Math.max(0, top - headed - BEYOND);
  const first = offsets.at(start);
  const end = offsets.at(start + height + 2 * BEYOND) + 1;
  const shown = items.slice(first, end);
  const range = useRef({ from: 0, to: 0 });
  range.current = { from: offsets.before(first), to: offsets.before(end) };
  const nodes = useNodes(props, shown, first);

  const measure = () => {
    if (fixed) return false;
    let changed = false;
    for (const element of inner.current?.children ?? []) {
      if (!(element instanceof HTMLElement)) continue;
      const { key } = element.dataset;
      const tall = element.offsetHeight;
      if (key === undefined || tall === 0 || heights.current.get(key) === tall)
        continue;
      heights.current.set(key, tall);
      changed = true;
    }
    if (changed) {
      version.current += 1;
      redraw(0);
    }
    return changed;
  };

  useLayoutEffect(() => {
    if (measure()) return;
    hold();
  });

  useEffect(() => {
    // A page may bring less than a screen: nobody would scroll for the next one.
    const element = box.current;
    if (element && element.scrollTop < element.clientHeight) props.onStart?.();
  }, [items]);

  /** Puts what is looked at back where it was. */
  const hold = () => {
    const element = box.current;
    if (!element) return;
    place.current.headed = inner.current?.offsetTop ?? 0;
    place.current.height = element.clientHeight;
    if (place.current.stuck) {
      element.scrollTop = element.scrollHeight;
    } else if (anchor.current) {
      const { key, above } = anchor.current;
      const at = last.current.items.findIndex(
        (item) => last.current.keyOf(item) === key,
      );
      if (at >= 0) {
        const wanted = place.current.headed + offsets.before(at) - above;
        if (Math.abs(element.scrollTop - wanted) > 1) element.scrollTop = wanted;
      }
    }
    place.current.top = element.scrollTop;
    remember();
  };

  const remember = () => {
    const { top: now, headed: head } = place.current;
    const at = offsets.at(Math.max(0, now - head));
    const item = last.current.items[at];
    if (item === undefined) return;
    anchor.current = {
      key: last.current.keyOf(item),
      above: head + offsets.before(at) - now,
    };
  };

  const onScroll = () => {
    const element = box.current;
    if (!element) return;
    const was = place.current.stuck;
    const left = element.scrollHeight - element.scrollTop - element.clientHeight;
    place.current.top = element.scrollTop;
    place.current.stuck = endFirst && left < NEAR;
    remember();
    if (place.current.stuck !== was) props.onScroll?.(place.current.stuck);
    if (element.scrollTop < element.clientHeight) props.onStart?.();
    if (left < element.clientHeight * 2) props.onEnd?.();
    const above = place.current.top - place.current.headed;
    const below = above + element.clientHeight;
    const { from, to } = range.current;
    const enough =
      (from === 0 || above - from > LEAST) &&
      (to >= offsets.total || to - below > LEAST);
    if (!enough) redraw(0);
  };

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() => {
      if (!measure()) {
        hold();
        redraw(0);
      }
    });
    observer.observe(element);
    if (inner.current) observer.observe(inner.current);
    return () => observer.disconnect();
  }, []);

  if (props.scroller) {
    props.scroller.current = {
      toEnd: () => {
        place.current.stuck = endFirst;
        redraw(0);
      },
      toKey: (key) => {
        const at = items.findIndex((item) => keyOf(item) === key);
        const element = box.current;
        if (at < 0 || !element) return;
        const from = place.current.headed + offsets.before(at);
        const to = place.current.headed + offsets.before(at + 1);
        if (from < element.scrollTop) element.scrollTop = from;
        else if (to > element.scrollTop + element.clientHeight) {
          element.scrollTop = to - element.clientHeight;
        }
      },
      atEnd: () => place.current.stuck,
    };
  }

  return (
    <div
      class="virtual"
      ref={box}
      onScroll={onScroll}
      // Where nothing inside can have the focus, keys are to scroll all the same.
      tabIndex={endFirst ? 0 : undefined}
    >
      {props.head}
      <div class="virtual-space" ref={spaceOf(offsets.total)}>
        <div class="virtual-shown" ref={shiftedBy(inner, offsets.before(first))}>
          {nodes}
        </div>
      </div>
      {props.foot}
    </div>
  );
}

interface Drawn<T> {
  item: T;
  stamp: unknown;
  node: ComponentChild;
}

/** Returns what is shown; what is the same as before is not compared again. */
function useNodes<T>(props: Props<T>, shown: readonly T[], first: number) {
  const known = useRef(new Map<string, Drawn<T>>());
  const next = new Map<string, Drawn<T>>();
  const nodes = shown.map((item, index) => {
    const key = props.keyOf(item);
    const old = known.current.get(key);
    if (old && old.item === item && old.stamp === props.stamp) {
      next.set(key, old);
      return old.node;
    }
    const node = (
      <div class="virtual-item" data-key={key} key={key}>
        {props.draw(item, first + index)}
      </div>
    );
    next.set(key, { item, stamp: props.stamp, node });
    return node;
  });
  known.current = next;
  return nodes;
}

function spaceOf(tall: number) {
  return (element: HTMLElement | null) => {
    if (element) element.style.height = `${tall}px`;
  };
}

function shiftedBy(ref: { current: HTMLDivElement | null }, by: number) {
  return (element: HTMLDivElement | null) => {
    ref.current = element;
    if (element) element.style.transform = `translateY(${by}px)`;
  };
}
