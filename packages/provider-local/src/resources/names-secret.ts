/** True when the text refers to a secret: `${secret:NAME}`, not escaped as `$${secret:NAME}`. */
export function namesSecret(text: string): boolean {
  return /(?<!\$)\$\{secret:/.test(text);
}
