/**
 * Geist and Geist Mono from their packages (no font host), Latin letters alone: 52 KiB of the 142 that all of them are. What
 * else a name is written in shows in a font of the reader's machine. Only the text face is fetched ahead; hashes and
 * figures can wait for theirs.
 */
import localFont from 'next/font/local'

export const textFont = localFont({
  src: '../../node_modules/@fontsource-variable/geist/files/geist-latin-wght-normal.woff2',
  variable: '--font-geist-sans',
  weight: '100 900',
})

export const monoFont = localFont({
  src: '../../node_modules/@fontsource-variable/geist-mono/files/geist-mono-latin-wght-normal.woff2',
  variable: '--font-geist-mono',
  weight: '100 900',
  preload: false,
  adjustFontFallback: false,
  fallback: ['ui-monospace', 'monospace'],
})
