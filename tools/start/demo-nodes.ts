/**
 * The five nodes of a demo marketplace: three that compute on this machine's CPU and say so, and two simulated ones.
 *
 * They share one machine, so distances are simulated by a seeded delay shim, and the pages say so.
 */
export interface DemoNode {
  readonly name: string
  readonly engine: 'llama' | 'simulated'
  /** Of the simulated hardware, as the performance curves name it. */
  readonly gpu: 'H200' | 'B200' | null
  readonly gpuCount: number
  readonly region: string
  readonly country: string
  readonly failureDomain: string
  /** Requests that run on it at once. */
  readonly capacity: number
  /** Round trip of the simulated link and its spread, in ms. */
  readonly simulatedRttMs: number
  readonly simulatedJitterMs: number
  /** Of the link's jitter, so that a run can be repeated. */
  readonly seed: number
}

export const demoNodes: readonly DemoNode[] = [
  cpuNode('aurora-1', ['eu-west', 'NL'], 8, 1),
  cpuNode('aurora-2', ['eu-north', 'SE'], 22, 2),
  cpuNode('aurora-3', ['us-east', 'US'], 76, 3),
  simulatedNode('borealis-h200', 'H200', ['eu-west', 'NL'], 10, 4),
  simulatedNode('borealis-b200', 'B200', ['us-east', 'US'], 74, 5),
]

type Place = readonly [region: string, country: string]

function cpuNode(name: string, place: Place, rttMs: number, seed: number): DemoNode {
  return { engine: 'llama', gpu: null, gpuCount: 0, capacity: 8, ...common(name, place, rttMs, seed) }
}

function simulatedNode(name: string, gpu: 'H200' | 'B200', place: Place, rttMs: number, seed: number): DemoNode {
  return { engine: 'simulated', gpu, gpuCount: 8, capacity: 64, ...common(name, place, rttMs, seed) }
}

function common(name: string, [region, country]: Place, simulatedRttMs: number, seed: number) {
  // Each is a failure domain of its own, so that failover has somewhere to go.
  return { name, region, country, failureDomain: name, simulatedRttMs, simulatedJitterMs: simulatedRttMs / 10, seed }
}
