/** What the build puts in. */

declare const __VERSION__: string;
/** File names of what the widget loads later, by name. */
declare const __LATER__: Record<string, string>;
/** File name of the widget itself. */
declare const __MAIN__: string;
