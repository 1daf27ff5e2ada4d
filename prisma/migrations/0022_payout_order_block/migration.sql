-- The vault knows which orders are done: nobody looks for them in blocks any more.
ALTER TABLE "payout_order" DROP COLUMN "sinceBlock";
