-- A response that a limit cut short is told as `response.incomplete`, no more as `response.completed`: whoever asked for the
-- latter goes on hearing of both.
UPDATE "webhook_endpoint"
SET "events" = ARRAY['response.completed', 'response.incomplete'] || array_remove("events", 'response.completed')
WHERE 'response.completed' = ANY("events");
