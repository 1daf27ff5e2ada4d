-- The newest requests of everybody: providers are told what their nodes won and lost among the last decisions.

-- CreateIndex
CREATE INDEX "request_receivedAt_id_idx" ON "request"("receivedAt" DESC, "id" DESC);
