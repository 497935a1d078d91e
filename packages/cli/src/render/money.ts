import type { MonthlyCost } from '@slipway/core';

/** `1,234.50 EUR`, `1,235 JPY`: as many decimals as the currency has. Less than its smallest coin is `<0.01 EUR`. */
export function formatMoney({ amount, currency }: MonthlyCost, { withCurrency = true } = {}): string {
  const { maximumFractionDigits: decimals = 2 } = new Intl.NumberFormat('en', {
    style: 'currency',
    currency,
  }).resolvedOptions();
  const number = new Intl.NumberFormat('en', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  const least = 10 ** -decimals;
  const text = amount > 0 && amount < least / 2 ? `<${number.format(least)}` : number.format(amount);
  return withCurrency ? `${text} ${currency}` : text;
}
