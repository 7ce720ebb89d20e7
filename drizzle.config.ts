import { defineConfig } from 'drizzle-kit';
export default defineConfig({ dialect: 'sqlite', schema: './appliance/daemon/record/tables.ts', out: './migrations' });
