// Writes the dashboard for Grafana anew: npm run dashboard
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { dashboardJson } from './dashboard.ts';

writeFileSync(
  path.join(import.meta.dirname, '..', '..', 'backup', 'monitoring', 'grafana-dashboard-backup.json'),
  dashboardJson(),
);
