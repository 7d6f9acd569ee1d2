/*
 * Imported first by a suite: this process lives 12 or 13 hours and 45 minutes ahead of UTC, the PostgreSQL server of
 * the tests 5 hours and 45 minutes. A time that goes through a Date without need, or through the wrong zone, shows.
 */
process.env['TZ'] = 'Pacific/Chatham';

if (new Date(0).getTimezoneOffset() !== -(12 * 60 + 45))
  throw new Error('the time zone of the process did not change');
