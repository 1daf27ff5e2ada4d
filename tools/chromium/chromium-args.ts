/** How every test and tool starts Chromium: without a sandbox, because containers have none, and without calls of its own. */
export const chromiumArgs: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // The same letters on every machine.
  '--font-render-hinting=none',
]
