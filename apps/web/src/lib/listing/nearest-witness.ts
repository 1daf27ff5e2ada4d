/**
 * How far this browser is from witnesses: a few requests to each, the fastest counts. It sends no cookie and no page's address,
 * and the figures stay in the browser; a witness sees what any server sees that is asked for something.
 */
export interface WitnessPlace {
  name: string
  url: string
}

export interface WitnessDistance {
  name: string
  /** Null where it did not answer. */
  rttMs: number | null
}

export interface MeasureDeps {
  fetch: (url: URL, init: RequestInit) => Promise<Response>
  nowMs: () => number
}

const PINGS = 5
const PING_MS_MAX = 2_000

/** All at once, because each asks another server; nearest first, those that did not answer last. */
export async function measureWitnesses(
  witnesses: readonly WitnessPlace[],
  deps: MeasureDeps = { fetch: (url, init) => fetch(url, init), nowMs: () => performance.now() },
): Promise<WitnessDistance[]> {
  const measured = await Promise.all(
    witnesses.map(async ({ name, url }) => ({ name, rttMs: await fastestPing(url, deps) })),
  )
  return measured.toSorted((a, b) => (a.rttMs ?? Infinity) - (b.rttMs ?? Infinity) || (a.name < b.name ? -1 : 1))
}

async function fastestPing(url: string, deps: MeasureDeps): Promise<number | null> {
  // The first also opens the connection: its time is no round trip.
  if ((await ping(url, deps)) === null) return null
  let fastest: number | null = null
  for (let sent = 0; sent < PINGS; sent++) {
    const rttMs = await ping(url, deps)
    if (rttMs === null) break
    fastest = fastest === null ? rttMs : Math.min(fastest, rttMs)
  }
  return fastest
}

async function ping(url: string, { fetch, nowMs }: MeasureDeps): Promise<number | null> {
  const startedMs = nowMs()
  try {
    const response = await fetch(new URL('v1/ping', url.endsWith('/') ? url : `${url}/`), {
      cache: 'no-store',
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      redirect: 'error',
      signal: AbortSignal.timeout(PING_MS_MAX),
    })
    return response.ok ? nowMs() - startedMs : null
  } catch {
    return null
  }
}
