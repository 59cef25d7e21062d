const ZONE = "Europe/Stockholm";
const day = new Intl.DateTimeFormat("sv-SE", { day: "numeric", month: "long", year: "numeric", timeZone: ZONE });
const clock = new Intl.DateTimeFormat("sv-SE", { hour: "2-digit", minute: "2-digit", timeZone: ZONE });

/** "7 april 2026" for an ISO date or moment; what cannot be read is returned as it came. */
export function writtenDate(iso) {
  const moment = new Date(/^\d{4}-\d\d-\d\d$/.test(iso) ? `${iso}T12:00:00Z` : iso);
  return Number.isNaN(moment.getTime()) ? String(iso) : day.format(moment);
}

/** "14.32" today, "7 april 2026 kl. 14.32" otherwise. */
export function writtenTime(iso, now = new Date()) {
  const moment = new Date(iso);
  if (Number.isNaN(moment.getTime())) return "";
  const time = clock.format(moment).replace(":", ".");
  return day.format(moment) === day.format(now) ? time : `${day.format(moment)} kl. ${time}`;
}
