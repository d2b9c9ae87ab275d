/** The time of a moment of today, else its day, with the year where it is another one. */
export function timeOrDay(moment: Date, now: Date, locale?: string): string {
  if (Number.isNaN(moment.getTime())) return '';
  if (moment.toDateString() === now.toDateString()) return clockTime(moment, locale);
  const year = moment.getFullYear() === now.getFullYear() ? {} : ({ year: 'numeric' } as const);
  return moment.toLocaleDateString(locale, { day: 'numeric', month: 'short', ...year });
}

/** "18:30" */
export function clockTime(moment: Date, locale?: string): string {
  return moment.toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit' });
}
