/**
 * What gateways learn of nodes without serving: heartbeats, half a round trip late, and probes, answered a round trip later
 * or, by a node that is down, with silence until the gateway gives up.
 */
import type { SimFleet, SimReport } from '../sim-types.ts'
import type { EventQueue } from './event-queue.ts'
import { gatewayProbed, gatewayReport, nodeProbe } from './events.ts'
import type { Nodes } from './nodes.ts'
import type { SimSettings } from './settings.ts'

export interface TelemetryInput {
  fleet: SimFleet
  settings: SimSettings
  queue: EventQueue
  nodes: Nodes
}

/** A heartbeat on its way. */
export interface Mail {
  gateway: number
  replica: number
  incarnation: number
  report: SimReport
}

interface Probe {
  gateway: number
  replica: number
  answer: (report: SimReport | null, nowMs: number) => void
  report: SimReport | null
}

export class Telemetry {
  /** Kept by the main loop: a probe may be sent from anywhere. */
  nowMs = 0
  probes = 0
  private readonly input: TelemetryInput
  private readonly mail = new Map<number, Mail>()
  private readonly probing = new Map<number, Probe>()
  private mailed = 0

  constructor(input: TelemetryInput) {
    this.input = input
  }

  /** A node's heartbeat, to every gateway that listens. */
  sendReports(replica: number, nowMs: number, listens: (gateway: number) => boolean): void {
    const { fleet, nodes } = this.input
    if (!nodes.isUp(replica)) return
    for (const { index: gateway } of fleet.gateways) if (listens(gateway)) this.sendReport(replica, gateway, nowMs)
  }

  /** The node's word to one gateway. */
  sendReport(replica: number, gateway: number, nowMs: number): void {
    const { nodes, queue } = this.input
    const incarnation = nodes.incarnation[replica] as number
    const id = this.mailed++ | 0
    this.mail.set(id, { gateway, replica, incarnation, report: nodes.report(replica, gateway, nowMs) })
    queue.add(nowMs + nodes.rttMs(gateway, replica) / 2, gatewayReport, id)
  }

  /** Takes a heartbeat that has arrived. */
  open(id: number): Mail {
    const mail = this.mail.get(id) as Mail
    this.mail.delete(id)
    return mail
  }

  probe(gateway: number, replica: number, answer: Probe['answer']): void {
    const { nodes, queue } = this.input
    const id = this.probes++
    this.probing.set(id, { gateway, replica, answer, report: null })
    queue.add(this.nowMs + nodes.rttMs(gateway, replica) / 2, nodeProbe, id)
  }

  probeAtNode(id: number, nowMs: number): void {
    const { nodes, queue, settings } = this.input
    const probe = this.probing.get(id) as Probe
    const up = nodes.isUp(probe.replica)
    if (up) probe.report = nodes.report(probe.replica, probe.gateway, nowMs)
    const backMs = up ? nodes.rttMs(probe.gateway, probe.replica) / 2 : settings.linkLossNoticedMs
    queue.add(nowMs + backMs, gatewayProbed, id)
  }

  probed(id: number, nowMs: number): void {
    const probe = this.probing.get(id) as Probe
    this.probing.delete(id)
    probe.answer(probe.report, nowMs)
  }
}
