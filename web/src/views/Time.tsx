const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const day = new Intl.DateTimeFormat("en", { weekday: "long", day: "numeric", month: "long" });
const yearToo = new Intl.DateTimeFormat("en", { day: "numeric", month: "long", year: "numeric" });

/** Time is when something was said; short leaves out what stands beside a message of the same group. */
export function Time({ at, short }: { at: number; short?: boolean }) {
  const date = new Date(at);
  return (
    <time dateTime={date.toISOString()} title={full.format(date)}>
      {short ? shortClock(date) : clock.format(date)}
    </time>
  );
}

/** When is a time as one says it in a list of old and new: with its day, unless that is today. */
export function When({ at }: { at: number }) {
  const date = new Date(at);
  const today = dayOf(at) === "Today";
  return (
    <time dateTime={date.toISOString()} title={full.format(date)}>
      {today ? clock.format(date) : `${dayOf(at)}, ${clock.format(date)}`}
    </time>
  );
}

/** fullTime is a time for a title. */
export function fullTime(at: number): string {
  return full.format(at);
}

/** dayOf says which day it was, as people do. */
export function dayOf(at: number, now = Date.now()): string {
  const date = new Date(at);
  if (date.toDateString() === new Date(now).toDateString()) return "Today";
  const yesterday = new Date(now);
  yesterday.setDate(yesterday.getDate() - 1);
  if (date.toDateString() === yesterday.toDateString()) return "Yesterday";
  return date.getFullYear() === new Date(now).getFullYear() ? day.format(at) : yearToo.format(at);
}

function shortClock(date: Date): string {
  return clock
    .formatToParts(date)
    .filter(({ type }) => type !== "dayPeriod")
    .map(({ value }) => value)
    .join("")
    .trim();
}
