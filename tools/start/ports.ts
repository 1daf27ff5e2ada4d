/**
 * The ports of a marketplace: fixed ones for a person, free ones for a test.
 *
 * A fixed port that is taken stops the start in one line with the option that chooses another. After a crash the old
 * processes may hold their ports for a few seconds more, so the check has some patience.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, isPortFree } from '@isochrone/local-stack'
import { StartError } from './start-error.ts'

export const defaultPorts = {
  web: 4000,
  gateway: 4001,
  witness: 4010,
  witness2: 4011,
  postgres: 54_329,
  redis: 63_799,
  chain: 8_549,
} as const

export type PortName = keyof typeof defaultPorts
export type Ports = Record<PortName, number>

export const portNames = Object.keys(defaultPorts) as PortName[]

/** One free port for each service. */
export async function freePorts(): Promise<Ports> {
  const ports = await Promise.all(portNames.map(() => freePort()))
  return Object.fromEntries(portNames.map((name, index) => [name, ports[index]])) as Ports
}

/**
 * @param needed the services that this start will run itself
 * @throws StartError naming the port and the option.
 */
export async function assertPortsFree(ports: Ports, needed: readonly PortName[], patienceMs: number): Promise<void> {
  for (const name of needed) {
    const deadline = Date.now() + patienceMs
    while (!(await isPortFree(ports[name]))) {
      if (Date.now() >= deadline) {
        const option = `npm start -- --${name}-port ${ports[name] + 100}`
        throw new StartError(
          `Port ${ports[name]} (${name}) is taken by another program. Stop it, or choose another: ${option}`,
        )
      }
      await sleep(250)
    }
  }
}
