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
  /** What its provider declares in its terms. */
  readonly tier: 'edge' | 'regional' | 'cloud'
  readonly dataPolicy: 'any' | 'no_training' | 'no_retention'
  readonly failureDomain: string
  /** µUSD per 10⁶ tokens in and out. */
  readonly pricePerMtok: { readonly in: bigint; readonly out: bigint }
  /** Requests that run on it at once. */
  readonly capacity: number
  /** Round trip of the simulated link and its spread, in ms. */
  readonly simulatedRttMs: number
  readonly simulatedJitterMs: number
  /** Where it pretends to stand towards witnesses: latitude and longitude, degrees. */
  readonly simulatedPlace: string
  /** Of the link's jitter, so that a run can be repeated. */
  readonly seed: number
}

/** Amsterdam, Stockholm and Ashburn. */
const places = { 'eu-west': '52.4,4.9', 'eu-north': '59.3,18.1', 'us-east': '39.0,-77.5' } as const

/**
 * Each kind is dear where its hardware is slow: a CPU for long prompts, a GPU server for long answers. So no node is the
 * best choice for every request, and a renter's price of latency decides between them.
 */
export const demoNodes: readonly DemoNode[] = [
  cpuNode('aurora-1', ['eu-west', 'NL', 'edge', 'no_retention'], 8, price(162_000n, 60_000n), 1),
  cpuNode('aurora-2', ['eu-north', 'SE', 'regional', 'no_training'], 22, price(160_000n, 60_000n), 2),
  cpuNode('aurora-3', ['us-east', 'US', 'regional', 'any'], 76, price(156_000n, 58_000n), 3),
  simulatedNode('borealis-h200', 'H200', ['eu-west', 'NL', 'cloud', 'no_retention'], 10, price(130_000n, 400_000n), 4),
  simulatedNode('borealis-b200', 'B200', ['us-east', 'US', 'cloud', 'no_training'], 74, price(100_000n, 700_000n), 5),
]

type Place = readonly [
  region: keyof typeof places,
  country: string,
  tier: DemoNode['tier'],
  dataPolicy: DemoNode['dataPolicy'],
]
type Price = DemoNode['pricePerMtok']

function price(inMicroUsd: bigint, outMicroUsd: bigint): Price {
  return { in: inMicroUsd, out: outMicroUsd }
}

function cpuNode(name: string, place: Place, rttMs: number, pricePerMtok: Price, seed: number): DemoNode {
  return { engine: 'llama', gpu: null, gpuCount: 0, capacity: 8, pricePerMtok, ...common(name, place, rttMs, seed) }
}

function simulatedNode(
  name: string,
  gpu: 'H200' | 'B200',
  place: Place,
  rttMs: number,
  pricePerMtok: Price,
  seed: number,
): DemoNode {
  return { engine: 'simulated', gpu, gpuCount: 8, capacity: 64, pricePerMtok, ...common(name, place, rttMs, seed) }
}

function common(name: string, [region, country, tier, dataPolicy]: Place, simulatedRttMs: number, seed: number) {
  // Each is a failure domain of its own, so that failover has somewhere to go.
  const jitter = { simulatedRttMs, simulatedJitterMs: simulatedRttMs / 10, seed }
  const simulatedPlace = places[region]
  return { name, region, country, tier, dataPolicy, failureDomain: name, simulatedPlace, ...jitter }
}
