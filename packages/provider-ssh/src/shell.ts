/**
 * One word for a POSIX shell that stands for exactly this text, whatever is in it. Throws on a NUL, which no argument
 * can hold. (POSIX.1-2017, Shell Command Language, 2.2.2 Single-Quotes.)
 */
export function quoted(text: string): string {
  if (text.includes('\0')) throw new TypeError('An argument of a command cannot hold a NUL.');
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A command line of these words. */
export function commandLine(words: readonly string[]): string {
  return words.map(quoted).join(' ');
}

/** What a shell sources to have these variables; names that no shell can have are left out. */
export function exportsOf(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .filter(([name]) => /^[A-Za-z_]\w*$/.test(name))
    .map(([name, value]) => `export ${name}=${quoted(value)}\n`)
    .join('');
}
