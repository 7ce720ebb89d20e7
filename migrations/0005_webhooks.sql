CREATE TABLE `webhook_messages` (
	`id` text PRIMARY KEY NOT NULL,
	`hook` text NOT NULL,
	`event` text NOT NULL,
	`job_id` text NOT NULL,
	`body` text NOT NULL,
	`created_at` integer NOT NULL,
	`attempts` integer NOT NULL,
	`due_at` integer,
	`last_error` text
);
--> statement-breakpoint
CREATE INDEX `webhook_messages_due` ON `webhook_messages` (`hook`,`due_at`);--> statement-breakpoint
CREATE INDEX `webhook_messages_dead` ON `webhook_messages` (`created_at`) WHERE due_at IS NULL;