CREATE TABLE `jobs` (
	`id` text PRIMARY KEY NOT NULL,
	`status` text NOT NULL,
	`plugin_id` text NOT NULL,
	`tool` text NOT NULL,
	`job_type` text NOT NULL,
	`source_name` text NOT NULL,
	`source_bytes` integer NOT NULL,
	`source_type` text NOT NULL,
	`source` text,
	`model` text,
	`summary` text,
	`warnings` text,
	`error_code` text,
	`error_message` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`started_at` integer,
	`completed_at` integer
);
--> statement-breakpoint
CREATE INDEX `jobs_status` ON `jobs` (`status`);