"""Event triggers, cron triggers and scheduled events: captured or planned in the database, sent to webhooks."""
