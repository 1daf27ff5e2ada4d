/**
 * A gateway says where it answers and where it stands, at its start and whenever it loads its accounts anew.
 *
 * What is news reaches every other gateway by the control stream: they name it to callers whom they may not serve, and to
 * nodes that look for gateways to link to.
 */
import type { ControlOutbox, ControlStore, ControlStream, GatewayRow } from '../ports/control-store.ts'
import { publishControlEvents } from './publish-control-events.ts'
import { recordControlChange } from './record-control-change.ts'

export interface IntroduceGatewayDeps {
  store: {
    control: ControlOutbox
    transaction<T>(
      work: (tx: { chain: { introduceLane(row: GatewayRow): Promise<boolean> }; control: ControlStore }) => Promise<T>,
    ): Promise<T>
  }
  stream: ControlStream
}

/** Resolves when it is stored. Shipping the news may fail without harm: the worker ships what is left. */
export async function introduceGateway({ store, stream }: IntroduceGatewayDeps, gateway: GatewayRow): Promise<void> {
  const isNews = await store.transaction(async (tx) => {
    const changed = await tx.chain.introduceLane(gateway)
    if (changed) await recordControlChange(tx.control, { lanes: [gateway.lane] })
    return changed
  })
  if (isNews) await publishControlEvents({ outbox: store.control, stream }).catch(() => {})
}
