const paths = {
  rooms: "M3 5h14M3 10h14M3 15h14",
  people: "M7.5 9a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2 17c0-3 2.5-5 5.5-5s5.5 2 5.5 5M13 3.3a3 3 0 0 1 0 5.4M15 12.4c1.9.7 3 2.4 3 4.6",
  search: "M9 15A6 6 0 1 0 9 3a6 6 0 0 0 0 12zM13.5 13.5 17 17",
  link: "M8.5 11.5a3.5 3.5 0 0 0 5 0l3-3a3.5 3.5 0 0 0-5-5l-1 1M11.5 8.5a3.5 3.5 0 0 0-5 0l-3 3a3.5 3.5 0 0 0 5 5l1-1",
  send: "M3 10 17 3l-4 14-3.5-5.5zM17 3 9.5 11.5",
  close: "M5 5l10 10M15 5 5 15",
  leave: "M8 3H4v14h4M12 6l4 4-4 4M16 10H8",
  down: "M10 4v12M5 11l5 5 5-5",
  react: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM7 12c1.6 2 4.4 2 6 0M7.6 7.8v.4M12.4 7.8v.4",
  reply: "M8 4 3 9l5 5M3 9h8c4 0 6 2 6 7",
  edit: "M4 16l1-4 8-8 3 3-8 8zM11.5 5.5l3 3",
  more: "M5 10h.01M10 10h.01M15 10h.01",
  copy: "M7 7V3h10v10h-4M3 7h10v10H3z",
  trash: "M4 6h12M8 6V3.5h4V6M5.5 6l.8 11h7.4l.8-11",
} as const;

export type IconName = keyof typeof paths;

/** Icon is decoration beside a label, or inside a button that has one. */
export function Icon({ of }: { of: IconName }) {
  return (
    <svg class={`icon icon-${of}`} viewBox="0 0 20 20" aria-hidden="true">
      <path d={paths[of]} />
    </svg>
  );
}

export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <path d="M7 3h18a5 5 0 0 1 5 5v11a5 5 0 0 1-5 5H15l-7 6v-6H7a5 5 0 0 1-5-5V8a5 5 0 0 1 5-5z" />
      <path class="mark-lines" d="M9 10.5h14M9 16.5h9" />
    </svg>
  );
}
