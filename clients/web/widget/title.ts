/** The page's title, with how many messages wait. */

const COUNT = /^\(\d+\) /;

export function countInTitle(n: number): void {
  const bare = document.title.replace(COUNT, "");
  document.title = n > 0 ? `(${n}) ${bare}` : bare;
}
