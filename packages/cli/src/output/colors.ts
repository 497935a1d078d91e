import { styleText } from 'node:util';

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan' | 'magenta';

/** Colours text, or leaves it as it is. */
export type Colors = Readonly<Record<Style, (text: string) => string>>;

const styles: readonly Style[] = ['bold', 'dim', 'red', 'green', 'yellow', 'cyan', 'magenta'];

/** `enabled` false: every function returns its text unchanged. */
export function colorsFor(enabled: boolean): Colors {
  const paint = (style: Style) => (text: string) =>
    enabled && text !== '' ? styleText(style, text, { validateStream: false }) : text;
  return Object.fromEntries(styles.map((style) => [style, paint(style)])) as Record<Style, (text: string) => string>;
}

/**
 * Whether to colour what goes to a stream. `NO_COLOR` (not empty) always wins, see https://no-color.org; then
 * `FORCE_COLOR` (any value but 0 and false); then a terminal that isn't dumb.
 */
export function wantsColor(
  environment: Readonly<Record<string, string | undefined>>,
  stream: { isTTY?: boolean },
): boolean {
  if (environment.NO_COLOR) return false;
  const forced = environment.FORCE_COLOR;
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return stream.isTTY === true && environment.TERM !== 'dumb';
}
