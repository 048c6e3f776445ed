/** Where the items of a long list stand, from their heights. */

export class Offsets {
  private readonly tops: Float64Array;

  constructor(length: number, heightOf: (at: number) => number) {
    this.tops = new Float64Array(length + 1);
    let sum = 0;
    for (let at = 0; at < length; at += 1) {
      this.tops[at] = sum;
      sum += heightOf(at);
    }
    this.tops[length] = sum;
  }

  get total(): number {
    return this.tops.at(-1) ?? 0;
  }

  /** Returns how much stands before an item. */
  before(at: number): number {
    return this.tops[Math.min(Math.max(at, 0), this.tops.length - 1)] ?? 0;
  }

  /** Returns which item stands at `y`: the first above, the last below all. */
  at(y: number): number {
    let low = 0;
    let high = Math.max(0, this.tops.length - 2);
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.tops[middle] ?? 0) <= y) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
