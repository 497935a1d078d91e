/** Marks in front of lines. */
export interface Symbols {
  done: string;
  failed: string;
  skipped: string;
  doubt: string;
  running: string;
  arrow: string;
  warning: string;
  filled: string;
  empty: string;
}

const unicode: Symbols = {
  done: '✔',
  failed: '✘',
  skipped: '↷',
  doubt: '?',
  running: '●',
  arrow: '→',
  warning: '!',
  filled: '━',
  empty: '─',
};

const ascii: Symbols = {
  done: '+',
  failed: 'x',
  skipped: '>',
  doubt: '?',
  running: '*',
  arrow: '->',
  warning: '!',
  filled: '#',
  empty: '.',
};

/** ASCII where the locale or the terminal says that nothing else would be shown. */
export function symbolsFor(environment: Readonly<Record<string, string | undefined>>): Symbols {
  const locale = environment.LC_ALL || environment.LC_CTYPE || environment.LANG || '';
  return environment.TERM === 'linux' || locale === 'C' || locale === 'POSIX' ? ascii : unicode;
}
