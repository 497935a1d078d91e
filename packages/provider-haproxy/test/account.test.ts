import { describe, expect, it } from 'vitest';
import type { StatRow } from '../src/runtime/tables.ts';
import { type BackendAccount, bringUpToDate, emptyAccount, forgetGone } from '../src/traffic/account.ts';
import { share } from '../src/traffic/share.ts';

type Numbers = Partial<Record<string, number>>;

const rowOf = (svname: string, numbers: Numbers, status = 'UP'): StatRow => ({
  svname,
  status,
  mode: 'http',
  weight: '1',
  ...Object.fromEntries(Object.entries(numbers).map(([name, count]) => [name, String(count)])),
});

/** Looks at servers, and the backend behind them. */
function look(account: BackendAccount, servers: Record<string, Numbers>, backend: Numbers, now = 1_000_000) {
  const rows = Object.entries(servers).map(([name, numbers]) => rowOf(name, numbers));
  const more = bringUpToDate(account, [...rows, rowOf('BACKEND', backend)], { isOurs: true, now });
  return { more, ...Object.fromEntries(Object.entries(account.servers).map(([name, { failed }]) => [name, failed])) };
}

const HISTORY = { stot: 1_004_000, hrsp_2xx: 1_000_000, wretr: 2_000, wredis: 2_000, econ: 2_000 };

describe('what HAProxy answered itself', () => {
  it('is of the server where attempts ended without an answer since the last look, whatever was before', () => {
    const account = emptyAccount();
    look(account, { v1: HISTORY, v2: {} }, { stot: 1_000_000, req_tot: 1_000_000, hrsp_2xx: 1_000_000 });
    const v1 = { ...HISTORY, stot: HISTORY.stot + 900, hrsp_2xx: 1_000_900 };
    const backend = { stot: 1_001_000, req_tot: 1_001_000, hrsp_2xx: 1_000_950, hrsp_5xx: 50 };
    expect(look(account, { v1, v2: { stot: 100, hrsp_2xx: 50, eresp: 50 } }, backend)).toMatchObject({ v1: 0, v2: 50 });
  });

  it('is of none that only repeated, nor taken back from one that failed before', () => {
    const account = emptyAccount();
    const failed = { stot: 100, hrsp_2xx: 50, eresp: 50 };
    look(account, { v1: { stot: 100, hrsp_2xx: 100 }, v2: failed }, { stot: 200, req_tot: 200, hrsp_5xx: 50 });
    const v1 = { stot: 203, hrsp_2xx: 200, wretr: 3, wredis: 3, eresp: 3 };
    const v2 = { ...failed, stot: 203, hrsp_2xx: 153 };
    expect(look(account, { v1, v2 }, { stot: 403, req_tot: 403, hrsp_5xx: 50 })).toMatchObject({ v1: 0, v2: 50 });
  });

  it('may come a moment after what speaks for it, and not much later', () => {
    for (const [between, expected] of [
      [100, 1],
      [10_000, 0],
    ] as const) {
      const account = emptyAccount();
      const failing = { v1: { stot: 1, eresp: 1 }, v2: { stot: 1, hrsp_2xx: 1 } };
      look(account, { v1: {}, v2: {} }, {}, 10_000);
      look(account, failing, { stot: 2, scur: 1, req_tot: 1 }, 11_000);
      look(account, failing, { stot: 2, scur: 1, req_tot: 1 }, 11_000 + between);
      look(account, failing, { stot: 2, req_tot: 2, hrsp_5xx: 1 }, 11_000 + between * 2);
      expect(account.servers.v1?.failed).toBe(expected);
    }
  });

  it('is not what servers answered that are gone', () => {
    const account = emptyAccount();
    const backend = { stot: 100, req_tot: 100, hrsp_5xx: 30 };
    look(account, { v1: { stot: 50, hrsp_2xx: 50 }, v2: { stot: 50, hrsp_2xx: 20, hrsp_5xx: 30 } }, backend);
    forgetGone(account, [rowOf('v1', {})]);
    const v1 = { stot: 60, hrsp_2xx: 50, hrsp_4xx: 9, eresp: 1 };
    expect(look(account, { v1 }, { stot: 110, req_tot: 110, hrsp_4xx: 9, hrsp_5xx: 31 })).toMatchObject({ v1: 1 });
    expect(Object.keys(account.servers)).toEqual(['v1']);
  });

  it('is of those that should take requests, by weight, where none is up', () => {
    const account = emptyAccount();
    const rows = [rowOf('v1', { weight: 3 }, 'DOWN'), rowOf('v2', { weight: 1 }, 'DOWN 1/2'), rowOf('v3', {}, 'MAINT')];
    const backend = rowOf('BACKEND', { stot: 4, req_tot: 4, hrsp_5xx: 4 });
    bringUpToDate(account, [...rows, backend], { isOurs: true, now: 1 });
    expect(Object.values(account.servers).map(({ failed }) => failed)).toEqual([3, 1, 0]);
  });
});

describe('requests that ended without a word', () => {
  it('are divided when two looks agree', () => {
    const account = emptyAccount();
    const servers = { v1: { stot: 50, hrsp_2xx: 50 }, v2: { stot: 50, hrsp_2xx: 45 } };
    const backend = { stot: 100, req_tot: 95 };
    expect(look(account, servers, backend)).toEqual({ more: true, v1: 0, v2: 0 });
    expect(look(account, servers, backend)).toEqual({ more: false, v1: 0, v2: 5 });
    expect(look(account, servers, { ...backend, stot: 101 })).toEqual({ more: true, v1: 0, v2: 5 });
    expect(look(account, servers, { stot: 101, req_tot: 96 })).toEqual({ more: false, v1: 0, v2: 5 });
  });
});

describe('users who left', () => {
  it('have failed where they waited long, and wait no more in any case', () => {
    const account = emptyAccount();
    look(account, { v1: { stot: 9, scur: 9 }, v2: { stot: 9, hrsp_2xx: 9 } }, { stot: 18, scur: 9, req_tot: 9 });
    expect(account.servers.v1?.waiting).toBe(9);
    const v1 = { stot: 9, scur: 4, cli_abrt: 5 };
    const v2 = { stot: 9, hrsp_2xx: 9, cli_abrt: 7 };
    const backend = { stot: 18, scur: 4, req_tot: 14, hrsp_3xx: 3, hrsp_4xx: 2 };
    expect(look(account, { v1, v2 }, backend)).toMatchObject({ v1: 3, v2: 0 });
    expect(account.servers.v1?.waiting).toBe(4);
  });

  it('are not looked for in answers of a config of others', () => {
    const account = emptyAccount();
    const rows = [rowOf('v1', { stot: 3, cli_abrt: 3 }), rowOf('BACKEND', { stot: 3, req_tot: 3, hrsp_3xx: 3 })];
    bringUpToDate(account, rows, { isOurs: false, now: 1 });
    expect(account.servers.v1?.failed).toBe(0);
  });
});

it('divides into whole numbers that sum to it, to nobody more than the own weight', () => {
  expect(share(5, [1, 1, 1])).toEqual([1, 1, 1]);
  expect(share(2, [3, 1, 0])).toEqual([2, 0, 0]);
  expect(share(3, [5, 5])).toEqual([2, 1]);
  expect(share(3, [])).toEqual([]);
  expect(share(3, [0, 0])).toEqual([0, 0]);
});
