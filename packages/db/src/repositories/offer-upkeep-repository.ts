/**
 * Keeps what the marketplace searches: copies nodes and terms into `offer`, marks who is live, and works out what
 * receipts say of nodes and teams. Each call sets what follows from the tables now, so doing it twice changes nothing.
 */
import type { DbOrTx } from '../create-db.ts'

export interface LiveNodeRow {
  nodeId: string
  freeSlots: number
  slots: number
  models: string[]
  simulated: boolean
}

/** Figures of a node are those of its newest receipts: at most so many of a day. */
const SAMPLES_MAX = 1_000

export function offerUpkeepRepository(db: DbOrTx) {
  return {
    /** Writes the offers of active nodes that changed since then, and removes those of nodes that are not active. */
    async projectOffers(changedSince: Date): Promise<number> {
      await db.$executeRaw`
        delete from offer where not exists (
          select from node where node."nodeId" = offer."nodeId" and node.status = 'active')`
      return db.$executeRaw`
        insert into offer as known ("nodeId", id, name, "providerId", "providerName", region, country, tier, "dataPolicy",
          trust, "gpuClass", hardware, "gpuCount", "memoryMib", simulated, models, words, "inMicroUsdPerMtok",
          "outMicroUsdPerMtok", "gpuHourMicroUsd", "termsHash", "listedAt")
        select read.*, lower(concat_ws(' ', read.name, read."providerName", read.hardware, read.region, read.country,
            read."gpuClass", array_to_string(read.models, ' '))) as words, "inPrice", "outPrice", "gpuHour", "termsHash", "createdAt"
        from (
          select node."nodeId", node.id, node.name, node."providerId", provider.name as "providerName", node.region,
            node.country, node.tier, node."dataPolicy", node.trust, node."gpuClass",
            coalesce(node.inventory->>'hardware', 'unknown') as hardware,
            coalesce(nullif(gpus.total, 0), substring(node.inventory->>'hardware' from '^(\\d{1,4}) [×x] ')::int, 0) as "gpuCount",
            case when gpus.memory > 0 then gpus.memory
              -- Of GPUs that are declared and not detected, nobody said how much they have.
              when node.inventory->>'hardware' ~ '^\\d{1,4} [×x] ' then 0
              else coalesce(least((node.inventory->>'memoryMib')::numeric, 2000000000)::int, 0) end as "memoryMib",
            node.simulated or coalesce(served.simulated, false) as simulated, coalesce(served.models, '{}') as models
          from node join provider on provider.id = node."providerId" join terms on terms.hash = node."termsHash"
          cross join lateral (
            -- A node says these itself: however large, its offer is written, and so is everybody else's.
            select least(coalesce(sum((gpu->>'count')::numeric), 0), 1000000)::int as total,
              least(coalesce(sum((gpu->>'count')::numeric * (gpu->>'memoryMib')::numeric), 0), 2000000000)::int as memory
            from jsonb_array_elements(case jsonb_typeof(node.inventory->'gpus') when 'array' then node.inventory->'gpus' else '[]' end) gpu
          ) gpus
          cross join lateral (
            select array_agg(one->>'model' order by one->>'model') as models,
              bool_or(one->'simulated' = 'true') as simulated
            from jsonb_array_elements(case jsonb_typeof(node.models) when 'array' then node.models else '[]' end) one
            -- Terms that name models promise those alone.
            where jsonb_typeof(terms.document->'models') is distinct from 'array' or terms.document->'models'
              @> jsonb_build_array(jsonb_build_object('model', one->'model', 'modelHash', one->'modelHash'))
          ) served
          where node.status = 'active'
            and (node."updatedAt" >= ${changedSince} or not exists (select from offer where offer."nodeId" = node."nodeId"))
        ) read
        cross join lateral (
          select node."termsHash", node."createdAt",
            coalesce(terms.values->>'inPerMtok', terms.document->'prices'->>'inMicroUsdPerMtok', '0')::bigint as "inPrice",
            coalesce(terms.values->>'outPerMtok', terms.document->'prices'->>'outMicroUsdPerMtok', '0')::bigint as "outPrice",
            case when coalesce((terms.document->>'gpus')::int, 0) > 0 then nullif((terms.values->>'perGpuHour')::bigint, 0) end as "gpuHour"
          from node join terms on terms.hash = node."termsHash" where node."nodeId" = read."nodeId"
        ) priced
        on conflict ("nodeId") do update set
          id = excluded.id, name = excluded.name, "providerId" = excluded."providerId",
          "providerName" = excluded."providerName", region = excluded.region, country = excluded.country,
          tier = excluded.tier, "dataPolicy" = excluded."dataPolicy", trust = excluded.trust,
          "gpuClass" = excluded."gpuClass", hardware = excluded.hardware, "gpuCount" = excluded."gpuCount",
          "memoryMib" = excluded."memoryMib",
          -- Of one that is live, markLive says whether it simulates: never real by omission, not even in between.
          simulated = excluded.simulated or (known.live and known.simulated),
          models = case when cardinality(known.models) > 0 then known.models else excluded.models end,
          words = lower(concat_ws(' ', excluded.name, excluded."providerName", excluded.hardware, excluded.region,
            excluded.country, excluded."gpuClass", array_to_string(
              case when cardinality(known.models) > 0 then known.models else excluded.models end, ' '))),
          "inMicroUsdPerMtok" = excluded."inMicroUsdPerMtok", "outMicroUsdPerMtok" = excluded."outMicroUsdPerMtok",
          "gpuHourMicroUsd" = excluded."gpuHourMicroUsd", "termsHash" = excluded."termsHash"`
    },

    /** Sets who is live, what is free and what is served; everybody else is offline. Rows that say so already stay. */
    async markLive(rows: readonly LiveNodeRow[]): Promise<number> {
      const live = JSON.stringify(rows)
      const changed = await db.$executeRaw`
        update offer set live = true, "freeSlots" = now."freeSlots", slots = now.slots,
          simulated = node.simulated or now.simulated, models = now.models,
          words = lower(concat_ws(' ', offer.name, offer."providerName", offer.hardware, offer.region, offer.country,
            offer."gpuClass", array_to_string(now.models, ' ')))
        from jsonb_to_recordset(${live}::jsonb)
          as now("nodeId" text, "freeSlots" int, slots int, models text[], simulated boolean)
          join node on node."nodeId" = now."nodeId"
        where offer."nodeId" = now."nodeId"
          and (offer.live, offer."freeSlots", offer.slots, offer.models, offer.simulated)
          is distinct from (true, now."freeSlots", now.slots, now.models, node.simulated or now.simulated)`
      const gone = await db.$executeRaw`
        update offer set live = false, "freeSlots" = null
        where live and "nodeId" <> all(${rows.map((row) => row.nodeId)}::text[])`
      return changed + gone
    },

    /** Counts the hours of nodes and teams again, from that hour on. */
    async countHours(from: Date): Promise<void> {
      await countNodeHours(db, from)
      await countUsageHours(db, from)
    },

    async forgetHours(before: Date): Promise<void> {
      await db.nodeHour.deleteMany({ where: { hour: { lt: before } } })
    },

    /**
     * Works out the figures of offers whose receipts are newer than their figures, the longest unmeasured first.
     *
     * @returns how many were measured; as many as `limit` means that there may be more
     */
    async measureOffers(now: Date, limit: number): Promise<number> {
      const dayAgoMs = BigInt(now.getTime() - 86_400_000)
      return db.$executeRaw`
        with due as (
          select offer."nodeId" from offer
          where exists (select from receipt where receipt."nodeId" = offer."nodeId" and receipt."startedAtMs" >=
              greatest(${dayAgoMs}::bigint, coalesce(extract(epoch from offer."measuredAt")::bigint * 1000 - 120000, 0)))
          order by offer."measuredAt" nulls first limit ${limit}
        ), figures as (
          select due."nodeId", count(*)::int as samples,
            percentile_cont(0.5) within group (order by ttft) as p50,
            percentile_cont(0.95) within group (order by ttft) as p95,
            percentile_cont(0.5) within group (order by rate) as rate,
            sum(price)::numeric as paid, sum(accepted)::numeric as accepted
          from due cross join lateral (
            select "priceMicroUsd" as price,
              nullif((delivery->>'attemptTtftMs')::float8, 0) as ttft,
              case when (delivery->>'billedOut')::float8 >= 8
                then ((delivery->>'billedOut')::float8 - 1) * 1000
                  / nullif(greatest((delivery->>'durationMs')::float8 - (delivery->>'attemptTtftMs')::float8, 0), 0) end as rate,
              case when fault = 0 and (delivery->>'httpStatus')::int = 200 then (delivery->>'billedIn')::bigint
                + (delivery->>'billedCached')::bigint + (delivery->>'billedOut')::bigint else 0 end as accepted
            from receipt where receipt."nodeId" = due."nodeId" and "startedAtMs" >= ${dayAgoMs}
            order by "startedAtMs" desc limit ${SAMPLES_MAX}
          ) newest group by due."nodeId"
        )
        update offer set samples = figures.samples, "ttftP50Ms" = p50, "ttftP95Ms" = p95, "tokensPerSecond" = rate,
          "effectiveMicroUsdPerMtok" = case when accepted > 0 then round(paid * 1000000 / accepted)::bigint end,
          "measuredAt" = ${now}
        from figures where offer."nodeId" = figures."nodeId"`
    },

    /** Figures of more than a day ago say nothing of today. */
    async forgetFigures(measuredBefore: Date): Promise<number> {
      return db.$executeRaw`
        update offer set samples = 0, "ttftP50Ms" = null, "ttftP95Ms" = null, "tokensPerSecond" = null,
          "effectiveMicroUsdPerMtok" = null where samples > 0 and "measuredAt" < ${measuredBefore}`
    },
  }
}

async function countNodeHours(db: DbOrTx, from: Date): Promise<void> {
  await db.$executeRaw`
    insert into node_hour ("nodeId", hour, attempts, faults, "ttftP50Ms", "ttftP95Ms", "tokensPerSecond", "tokensIn",
      "tokensOut", "priceMicroUsd")
    select "nodeId", to_timestamp(hour * 3600), count(*)::int, (count(*) filter (where fault = 1))::int,
      percentile_cont(0.5) within group (order by ttft), percentile_cont(0.95) within group (order by ttft),
      percentile_cont(0.5) within group (order by rate), sum(tokens_in)::bigint, sum(tokens_out)::bigint, sum(price)::bigint
    from (
      select "nodeId", "startedAtMs" / 3600000 as hour, fault, "priceMicroUsd" as price,
        (delivery->>'billedIn')::bigint + (delivery->>'billedCached')::bigint as tokens_in,
        (delivery->>'billedOut')::bigint as tokens_out,
        nullif((delivery->>'attemptTtftMs')::float8, 0) as ttft,
        case when (delivery->>'billedOut')::float8 >= 8
          then ((delivery->>'billedOut')::float8 - 1) * 1000
            / nullif(greatest((delivery->>'durationMs')::float8 - (delivery->>'attemptTtftMs')::float8, 0), 0) end as rate
      from receipt where "startedAtMs" >= ${BigInt(from.getTime())}
    ) read group by "nodeId", hour
    on conflict ("nodeId", hour) do update set attempts = excluded.attempts, faults = excluded.faults,
      "ttftP50Ms" = excluded."ttftP50Ms", "ttftP95Ms" = excluded."ttftP95Ms",
      "tokensPerSecond" = excluded."tokensPerSecond", "tokensIn" = excluded."tokensIn",
      "tokensOut" = excluded."tokensOut", "priceMicroUsd" = excluded."priceMicroUsd"`
}

async function countUsageHours(db: DbOrTx, from: Date): Promise<void> {
  await db.$executeRaw`
    insert into usage_hour ("orgId", hour, model, requests, failed, "tokensIn", "tokensCached", "tokensOut",
      "priceMicroUsd", "ttftSumMs", "ttftCount")
    select "orgId", date_trunc('hour', "receivedAt", 'UTC'), model, count(*)::int,
      (count(*) filter (where status = 'failed'))::int, sum("tokensIn")::bigint, sum("tokensCached")::bigint,
      sum("tokensOut")::bigint, sum("priceMicroUsd")::bigint, coalesce(sum("ttftMs"), 0), count("ttftMs")::int
    from request where "receivedAt" >= ${from} group by 1, 2, 3
    on conflict ("orgId", hour, model) do update set requests = excluded.requests, failed = excluded.failed,
      "tokensIn" = excluded."tokensIn", "tokensCached" = excluded."tokensCached", "tokensOut" = excluded."tokensOut",
      "priceMicroUsd" = excluded."priceMicroUsd", "ttftSumMs" = excluded."ttftSumMs", "ttftCount" = excluded."ttftCount"`
}
