ALTER TABLE `jobs` ADD `options` text;--> statement-breakpoint
ALTER TABLE `jobs` ADD `queue_rank` real;--> statement-breakpoint
ALTER TABLE `jobs` ADD `has_poster` integer;