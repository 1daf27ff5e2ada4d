-- What agents say of the engine behind their models. Null until an agent says so.

-- AlterTable
ALTER TABLE "node" ADD COLUMN "engine" JSONB;
