/** The reader's theme: kept in a cookie, so that the server renders it right at first paint. */
export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]
export const THEME_COOKIE = 'isochrone-theme'

/** Anything that is not a known theme is `system`. */
export function themeOf(value: string | undefined): Theme {
  return themes.find((theme) => theme === value) ?? 'system'
}
