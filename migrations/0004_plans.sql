ALTER TABLE `jobs` ADD `tools` text;--> statement-breakpoint
ALTER TABLE `jobs` ADD `plan` text;--> statement-breakpoint
ALTER TABLE `jobs` ADD `source_url` text;--> statement-breakpoint
ALTER TABLE `jobs` ADD `products` text;--> statement-breakpoint
ALTER TABLE `jobs` ADD `outside_id` text;--> statement-breakpoint
ALTER TABLE `jobs` ADD `outside` text;--> statement-breakpoint
CREATE UNIQUE INDEX `jobs_outside_id` ON `jobs` (`outside_id`);