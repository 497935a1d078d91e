import { stripVTControlCharacters } from 'node:util';

/** Without colours and control characters; line breaks and tabs become spaces. */
export function oneLine(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[\r\n\t]+/g, ' ')
    .replace(/\p{Cc}/gu, '');
}

/** `1 step`, `2 steps`, `10,000 steps`. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number.toLocaleString('en-US')} ${number === 1 ? noun : plural}`;
}
