/** The witness that a visitor chose to look from: in a cookie of their browser, so that the first paint is right. */
export const WITNESS_COOKIE = 'witness'

/** An empty name forgets it. Browser only. */
export function rememberWitness(name: string): void {
  const age = name === '' ? 0 : 31_536_000
  document.cookie = `${WITNESS_COOKIE}=${encodeURIComponent(name)}; path=/; max-age=${age}; samesite=lax`
}
