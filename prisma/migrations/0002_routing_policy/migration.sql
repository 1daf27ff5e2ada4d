-- The routing policy as an organisation's default, and what placement must know of a node to keep to one.

-- CreateEnum
CREATE TYPE "DataPolicy" AS ENUM ('any', 'no_training', 'no_retention');

-- CreateEnum
CREATE TYPE "Tier" AS ENUM ('edge', 'regional', 'cloud');

-- CreateEnum
CREATE TYPE "TrustLevel" AS ENUM ('claimed', 'challenged', 'attested');

-- AlterTable
ALTER TABLE "join_token" ADD COLUMN     "dataPolicy" "DataPolicy" NOT NULL DEFAULT 'any',
ADD COLUMN     "tier" "Tier" NOT NULL DEFAULT 'regional';

-- AlterTable
ALTER TABLE "node" ADD COLUMN     "dataPolicy" "DataPolicy" NOT NULL DEFAULT 'any',
ADD COLUMN     "gpuClass" TEXT NOT NULL DEFAULT 'CPU',
ADD COLUMN     "tier" "Tier" NOT NULL DEFAULT 'regional',
ADD COLUMN     "trust" "TrustLevel" NOT NULL DEFAULT 'claimed';

-- Nodes that have joined: their class is in what the agent found. An accelerator of no known name is `GPU`.
UPDATE "node" SET "gpuClass" = coalesce(
  upper(substring(concat_ws(' ', "inventory" #>> '{gpus,0,name}', "inventory" ->> 'hardware')
    from '(?i)\m((?:GB300|GB200|B300|B200|GH200|H200|H100|H20|A100|L40S|L40|L4|A10G|A10|V100|T4|MI355X|MI350X|MI325X|MI300X|MI250X))\M')),
  CASE WHEN "inventory" #>> '{gpus,0,name}' IS NULL THEN 'CPU' ELSE 'GPU' END);

-- AlterTable
ALTER TABLE "org_settings" ADD COLUMN     "routing" JSONB NOT NULL DEFAULT '{}';

-- What an organisation had set becomes its policy: the worth of a second where it was changed, else the sort.
UPDATE "org_settings" SET "routing" = CASE
  WHEN "valueOfSecondMicroUsd" <> 200
    THEN jsonb_build_object('value_of_second_usd', trim_scale("valueOfSecondMicroUsd"::numeric / 1000000))
  WHEN "sort" <> 'balanced' THEN jsonb_build_object('sort', "sort"::text)
  ELSE '{}' END;

-- AlterTable
ALTER TABLE "org_settings" DROP COLUMN "sort",
DROP COLUMN "valueOfSecondMicroUsd";

-- DropEnum
DROP TYPE "RoutingSort";
