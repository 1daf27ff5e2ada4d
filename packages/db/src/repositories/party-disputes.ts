/** Disputes of one party, in pages: what is open by its deadline, then what is closed with the latest on top. */
import type { DbOrTx } from '../create-db.ts'
import { Prisma, type DisputeState } from '../generated/client.ts'

export interface PartyPlace {
  id: bigint
  isOpen: boolean
  deadlineS: bigint
  amountMicroUsd: bigint
}

/** A payer: disputes about its channel, and those that it asked for. */
export type DisputeParty = { channelId: string | null; orgId: string } | { providerId: string }

export interface PartyFilter {
  party: DisputeParty
  /** States in which a dispute is open. */
  openStates: readonly DisputeState[]
  /** null: all. */
  states: readonly DisputeState[] | null
  after: PartyPlace | null
  limit: number
}

export function partyDisputeReads(db: DbOrTx) {
  return {
    /** Of equal deadlines the dearest first. */
    async partyPlaces({ party, openStates, states, after, limit }: PartyFilter): Promise<PartyPlace[]> {
      const beyond = after ? Prisma.sql`and ${placeSql} > ${keyOf(after)}` : Prisma.empty
      return db.$queryRaw<PartyPlace[]>`
        select id, "isOpen", "deadlineS", "amountMicroUsd" from (
          select id, "deadlineS", "amountMicroUsd", state::text = any(${[...openStates]}::text[]) as "isOpen"
          from dispute
          where ${isOf(party)} and (${states === null}::boolean or state::text = any(${[...(states ?? [])]}::text[]))
        ) own
        where true ${beyond}
        order by ${placeSql} limit ${limit}`
    },
  }
}

const isOf = (party: DisputeParty): Prisma.Sql =>
  'providerId' in party
    ? Prisma.sql`"providerId" = ${party.providerId}`
    : Prisma.sql`("channelId" = ${party.channelId} or id in (
        select "disputeId" from dispute_order where "orgId" = ${party.orgId} and action = 'withheld'))`

const placeSql = Prisma.sql`(
  not "isOpen", case when "isOpen" then "deadlineS" else -"deadlineS" end, -"amountMicroUsd", case when "isOpen" then id else -id end)`

function keyOf({ isOpen, deadlineS, amountMicroUsd, id }: PartyPlace): Prisma.Sql {
  const sign = isOpen ? 1n : -1n
  return Prisma.sql`(${!isOpen}::boolean, ${sign * deadlineS}::bigint, ${-amountMicroUsd}::bigint, ${sign * id}::bigint)`
}
