/** A node and its models as its agent reports them. */
import type { EngineModelReport, EngineReport } from '@isochrone/protocol'
import type { OfferModel } from './marketplace.ts'

/** A model as the agent reports it. */
export interface DetectedModel extends OfferModel {
  modelHash: string
  /** What the engine's report says of it; null from an agent that makes none. */
  report: Omit<EngineModelReport, 'model' | 'modelHash'> | null
}

export interface DetectedNode {
  /** `node_…` */
  id: string
  nodeId: string
  status: 'joining' | 'active' | 'revoked'
  hardware: string
  cpuModel: string
  cpuCores: number
  memoryMib: number
  gpuClass: string
  gpus: { name: string; count: number; memoryMib: number; uuids: number }[]
  os: string
  agentVersion: string
  /** What terms with a price for the hour offer: its GPUs, or the CPU as one. */
  rentable: number
  /** Null until the agent runs: it says what it serves when it starts. */
  models: DetectedModel[] | null
  /** Behind them; null until an agent says so. */
  engine: Omit<EngineReport, 'models'> | null
}
