/**
 * Recorded decisions as a provider may see them: its own nodes' rows and the chosen one's, never whose request it was.
 */
import type { DbOrTx } from '../create-db.ts'

export function decisionRepository(db: DbOrTx) {
  return {
    async decisions({ nodeIds, since, limit }: { nodeIds: readonly string[]; since: Date; limit: number }) {
      const nodes = [...nodeIds]
      const [counted] = await db.$queryRaw<{ looked: number }[]>`
        select count(*)::int as looked from (
          select 1 from request where "receivedAt" >= ${since} order by "receivedAt" desc, id desc limit ${limit}
        ) newest`
      const rows = await db.$queryRaw<
        {
          receivedAt: Date
          model: string
          choice: string | null
          explored: boolean
          chosen: unknown
          own: unknown
          rejected: unknown
        }[]
      >`
        select * from (
          select "receivedAt", model, placement->>'choice' as choice,
                 coalesce(placement->>'explored', '') = 'true' as explored,
                 jsonb_path_query_first(placement, '$.candidates[*] ? (@.nodeId == $choice)',
                   jsonb_build_object('choice', placement->>'choice')) as chosen,
                 jsonb_path_query_array(placement, '$.candidates[*] ? (@.nodeId == $nodes[*])',
                   jsonb_build_object('nodes', ${nodes}::text[])) as own,
                 jsonb_path_query_array(placement, '$.rejected[*] ? (@.nodeId == $nodes[*])',
                   jsonb_build_object('nodes', ${nodes}::text[])) as rejected
          from (
            select "receivedAt", model, placement from request
            where "receivedAt" >= ${since} order by "receivedAt" desc, id desc limit ${limit}
          ) newest
        ) named
        where own <> '[]'::jsonb or rejected <> '[]'::jsonb
        order by "receivedAt" desc`
      return { looked: counted?.looked ?? 0, rows }
    },

    async sloCounts({ providerId, since }: { providerId: string; since: Date }) {
      return db.$queryRaw<
        {
          nodeId: string
          attempts: number
          faults: number
          ttftSamples: number
          ttftOver: number
          tpotSamples: number
          tpotOver: number
          breaches: number
          creditMicroUsd: bigint
        }[]
      >`
        with newest as (
          select distinct on ("nodeId", lane, epoch) "nodeId", lane, epoch, version, attempts, faults, status
          from performance_record
          where "providerId" = ${providerId} and "updatedAt" >= ${since}
          order by "nodeId", lane, epoch, version desc
        ), sums as (
          select c."nodeId",
                 sum((counts->>'ttftSamples')::bigint)::float8 as "ttftSamples",
                 sum((counts->>'ttftOver')::bigint)::float8 as "ttftOver",
                 sum((counts->>'tpotSamples')::bigint)::float8 as "tpotSamples",
                 sum((counts->>'tpotOver')::bigint)::float8 as "tpotOver",
                 (count(*) filter (where broken > 0))::int as breaches,
                 coalesce(sum("creditMicroUsd"), 0)::bigint as credit
          from sla_counts c join newest n using ("nodeId", lane, epoch, version)
          where n.status <> 'invalid'
          group by c."nodeId"
        )
        select n."nodeId", sum(n.attempts)::float8 as attempts, sum(n.faults)::float8 as faults,
               coalesce(max(s."ttftSamples"), 0) as "ttftSamples", coalesce(max(s."ttftOver"), 0) as "ttftOver",
               coalesce(max(s."tpotSamples"), 0) as "tpotSamples", coalesce(max(s."tpotOver"), 0) as "tpotOver",
               coalesce(max(s.breaches), 0)::int as breaches, coalesce(max(s.credit), 0)::bigint as "creditMicroUsd"
        from newest n left join sums s using ("nodeId")
        where n.status <> 'invalid'
        group by n."nodeId"`
    },
  }
}
